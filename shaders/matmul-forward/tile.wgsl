// matmul-forward/tile: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; any M, N, K.
// One workgroup of 64 invocations computes a 32×32 tile of y, 16 terms of K a round: both operands' parts go through
// workgroup memory, so a tile reads each element from the buffers once, and each invocation keeps 4×4 sums in
// registers. For GPUs. What lies outside counts as 0 and is not stored.
// Without BIAS (matmul-forward-split) each layer of ROW_TILES workgroups stores the sum of its own SPLIT_K of the K terms.
@group(0) @binding(0) var<storage, read> x: array<f32>;       // (R, M, K)
@group(0) @binding(1) var<storage, read> w: array<f32>;       // (R, K, N)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (R, M, N), or (R, SPLITS, M, N) without BIAS
//#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<f32>;    // (R, N)
//#endif

const M = 8u;
const N = 8u;
const K = 8u;
const ROW_TILES = 1u;
const SPLIT_K = 8u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 8u;
const Y_STRIDE = 64u;

// Rows and columns of the tile, terms of a round.
const TILE = 32u;
const DEPTH = 16u;

var<workgroup> aTile: array<f32, TILE * DEPTH>; // (DEPTH, TILE): left operand, one term a row
var<workgroup> bTile: array<f32, TILE * DEPTH>; // (DEPTH, TILE): right operand, one term a row

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * TILE;
  let row = (group.y % ROW_TILES) * TILE;
  let split = group.y / ROW_TILES;
  let end = min((split + 1u) * SPLIT_K, K);
  let tileRow = (local / 8u) * 4u;
  let tileColumn = (local % 8u) * 4u;

  var acc: array<vec4f, 4>;
  for (var k = split * SPLIT_K; k < end; k += DEPTH) {
    for (var i = local; i < TILE * DEPTH; i += 64u) {
      let m = row + i / DEPTH;
      let ka = k + i % DEPTH;
      let xValue = x[group.z * X_STRIDE + min(m, M - 1u) * K + min(ka, K - 1u)];
      aTile[(i % DEPTH) * TILE + i / DEPTH] = select(0.0, xValue, m < M && ka < end);
      let kb = k + i / TILE;
      let n = column + i % TILE;
      let wValue = w[group.z * W_STRIDE + min(kb, K - 1u) * N + min(n, N - 1u)];
      bTile[i] = select(0.0, wValue, kb < end && n < N);
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
      if (m < M && n < N) {
        //#if BIAS
        y[group.z * Y_STRIDE + m * N + n] = acc[r][c] + bias[group.z * BIAS_STRIDE + n];
        //#else
        y[group.z * Y_STRIDE + (split * M + m) * N + n] = acc[r][c];
        //#endif
      }
    }
  }
}
