// matmul-forward/quad: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; K and N multiples of 4, any M.
// The four invocations of a quad share COLS vec4 columns of w; each owns ROWS rows of y and keeps ROWS×COLS vec4
// accumulators in private memory. Per four k, invocation i loads row k+i of w alone, and sees the other three
// through quad swaps: step s multiplies by row k+(i^s), whichever that is for this invocation.
// Faster where a memory access costs tens of multiply-adds and a constant index into private memory costs
// nothing, as on SwiftShader: a quarter of the loads of w, four multiply-adds per accumulator update.
// Without BIAS (matmul-forward-split) each layer of ROW_TILES workgroups stores the sum of its own SPLIT_K of the K terms.
@group(0) @binding(0) var<storage, read> x: array<f32>;         // (R, M, K)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4), or (R, SPLITS, M, N/4) without BIAS
//#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)
//#endif

const M = 8u;
const N = 8u;
const K = 8u;
const ROWS = 2u;
const COLS = 2u;
const ROUND = 1u; // times four k in a round of the loop: divides K / 4
const ROW_TILES = 1u;
const SPLIT_K = 8u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 8u;
const Y_STRIDE = 64u;

const N4 = N / 4u;

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let laneX = quadSwapX(lane);
  let laneY = quadSwapY(lane);
  let laneD = quadSwapDiagonal(lane);
  let column = group.x * COLS;
  let row = ((group.y % ROW_TILES) * 4u + lane) * ROWS;
  let split = group.y / ROW_TILES;
  let wBase = group.z * (W_STRIDE / 4u);

  var acc: array<vec4f, ROWS * COLS>;
  var xRow: array<u32, ROWS>;
  //#unroll
  for (var r = 0u; r < ROWS; r++) {
    xRow[r] = group.z * X_STRIDE + min(row + r, M - 1u) * K;
  }
  let end = min((split + 1u) * SPLIT_K, K);
  for (var k0 = split * SPLIT_K; k0 < end; k0 += 4u * ROUND) {
    //#unroll
    for (var t = 0u; t < ROUND; t++) {
      let k = k0 + 4u * t;
      var a: array<vec4f, ROWS>;
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        let i = xRow[r] + k;
        a[r] = vec4f(x[i + lane], x[i + laneX], x[i + laneY], x[i + laneD]);
      }
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        let w0 = w[wBase + (k + lane) * N4 + min(column + c, N4 - 1u)];
        let wTile = mat4x4f(w0, quadSwapX(w0), quadSwapY(w0), quadSwapDiagonal(w0));
        //#unroll
        for (var r = 0u; r < ROWS; r++) {
          acc[r * COLS + c] += wTile * a[r];
        }
      }
    }
  }

  let yBase = group.z * (Y_STRIDE / 4u) + split * M * N4;
  //#unroll
  for (var c = 0u; c < COLS; c++) {
    if (column + c < N4) {
      var offset = vec4f();
      //#if BIAS
      offset = bias[group.z * (BIAS_STRIDE / 4u) + column + c];
      //#endif
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        if (row + r < M) {
          y[yBase + (row + r) * N4 + column + c] = acc[r * COLS + c] + offset;
        }
      }
    }
  }
}
