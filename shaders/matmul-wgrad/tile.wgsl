// matmul-wgrad/tile: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32; any M, N, K.
// One workgroup of 64 invocations computes a 32×32 tile of dw, 16 rows of the batch a round (see matmul-forward/tile).
@group(0) @binding(0) var<storage, read> x: array<f32>;        // (R, M, K)
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // (R, M, N)
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // (R, K, N)

const M = 8u;
const N = 8u;
const K = 8u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

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
  for (var batch = 0u; batch < M; batch += DEPTH) {
    for (var i = local; i < TILE * DEPTH; i += 64u) {
      let t = batch + i / TILE;
      let k = row + i % TILE;
      let xValue = x[group.z * X_STRIDE + min(t, M - 1u) * K + min(k, K - 1u)];
      aTile[i] = select(0.0, xValue, t < M && k < K);
      let n = column + i % TILE;
      let dyValue = dy[group.z * DY_STRIDE + min(t, M - 1u) * N + min(n, N - 1u)];
      bTile[i] = select(0.0, dyValue, t < M && n < N);
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
      if (m < K && n < N) {
        dw[group.z * DW_STRIDE + m * N + n] = acc[r][c];
      }
    }
  }
}
