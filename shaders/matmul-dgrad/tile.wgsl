// matmul-dgrad/tile: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32; any M, N, K.
// One workgroup of 64 invocations computes a 32×32 tile of dx, 16 terms of N a round (see matmul-forward/tile).
@group(0) @binding(0) var<storage, read> dy: array<f32>;       // (R, M, N)
@group(0) @binding(1) var<storage, read> w: array<f32>;        // (R, K, N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (R, M, K)

const M = 8u;
const N = 8u;
const K = 8u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

// Rows and columns of the tile, terms of a round.
const TILE = 32u;
const DEPTH = 16u;

var<workgroup> aTile: array<f32, TILE * DEPTH>; // (DEPTH, TILE): left operand, one term a row
var<workgroup> bTile: array<f32, TILE * DEPTH>; // (DEPTH, TILE): right operand, one term a row

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * TILE;
  let row = group.y * TILE;
  let tileRow = (local / 8u) * 4u;
  let tileColumn = (local % 8u) * 4u;

  var acc: array<vec4f, 4>;
  for (var first = 0u; first < N; first += DEPTH) {
    for (var i = local; i < TILE * DEPTH; i += 64u) {
      let term = first + i % DEPTH;
      let place = (i % DEPTH) * TILE + i / DEPTH;
      let m = row + i / DEPTH;
      let dyValue = dy[group.z * DY_STRIDE + min(m, M - 1u) * N + min(term, N - 1u)];
      aTile[place] = select(0.0, dyValue, m < M && term < N);
      let k = column + i / DEPTH;
      let wValue = w[group.z * W_STRIDE + min(k, K - 1u) * N + min(term, N - 1u)];
      bTile[place] = select(0.0, wValue, k < K && term < N);
    }
    workgroupBarrier();
    for (var t = 0u; t < DEPTH; t++) {
      let ai = t * TILE + tileRow;
      let bi = t * TILE + tileColumn;
      let b = vec4f(bTile[bi], bTile[bi + 1u], bTile[bi + 2u], bTile[bi + 3u]);
      acc[0] += aTile[ai] * b;
      acc[1] += aTile[ai + 1u] * b;
      acc[2] += aTile[ai + 2u] * b;
      acc[3] += aTile[ai + 3u] * b;
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < 4u; r++) {
    for (var c = 0u; c < 4u; c++) {
      let m = row + tileRow + r;
      let n = column + tileColumn + c;
      if (m < M && n < K) {
        dx[group.z * DX_STRIDE + m * K + n] = acc[r][c];
      }
    }
  }
}
