// matmul-forward/register: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; K and N multiples of 4, any M.
// Each invocation computes ROWS rows of one vec4 column, in registers: per four k it loads ROWS vec4 of x and four of w, and
// each value of w serves ROWS multiply-adds, each of x four. No workgroup memory, no barrier and no subgroups: for
// adapters where the first is slow and the last are missing.
// Without BIAS (matmul-forward-split) each layer of ROW_TILES workgroups stores the sum of its own SPLIT_K of the K terms.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, M, K/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4), or (R, SPLITS, M, N/4) without BIAS
//#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)
//#endif

const M = 8u;
const N = 8u;
const K = 8u;
const ROWS = 2u;
const ROW_TILES = 1u;
const SPLIT_K = 8u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 8u;
const Y_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;

@compute @workgroup_size(4, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let column = group.x * 4u + local.x;
  let row = ((group.y % ROW_TILES) * 4u + local.y) * ROWS;
  let split = group.y / ROW_TILES;
  let xBase = group.z * (X_STRIDE / 4u);
  let wColumn = group.z * (W_STRIDE / 4u) + min(column, N4 - 1u);

  var acc: array<vec4f, ROWS>;
  let end = min((split + 1u) * SPLIT_K, K);
  for (var k = split * SPLIT_K; k < end; k += 4u) {
    let i = wColumn + k * N4;
    let wTile = mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4]);
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      acc[r] += wTile * x[xBase + min(row + r, M - 1u) * K4 + k / 4u];
    }
  }

  if (column < N4) {
    var offset = vec4f();
    //#if BIAS
    offset = bias[group.z * (BIAS_STRIDE / 4u) + column];
    //#endif
    let yBase = group.z * (Y_STRIDE / 4u) + split * M * N4 + column;
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      if (row + r < M) {
        y[yBase + (row + r) * N4] = acc[r] + offset;
      }
    }
  }
}
