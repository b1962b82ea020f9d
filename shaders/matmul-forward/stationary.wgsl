// matmul-forward/stationary: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; M and K multiples of 4, N of 16·COLS.
// A quad keeps a block of w in private memory, 4·DEPTH4 of k times 16·COLS columns, a quarter in each invocation, while up to BLOCK
// rows of x pass by: each invocation multiplies one row at a time, sees the other quarters through quad swaps, and adds its
// sums to y. Then comes the next block of k. Beyond K, 0 is held, and met by a term of the same row.
// On SwiftShader 0.6 of the time of quad-13x28 for 512×512×512 (2026-11): a loop there copies every value that it carries, under a mask,
// and a second use of a factor costs a store. Here nothing is carried but indices, sixteen terms are summed in one register, and a factor
// that comes from private memory or a swap is used once. On hardware, private memory of this size is spilled.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, M, K/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4)
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)

const M = 8u;
const N = 16u;
const K = 8u;
const BLOCK = 8u;
const DEPTH4 = 4u; // a multiple of 4
const COLS = 1u;
const X_STRIDE = 64u;
const W_STRIDE = 128u;
const BIAS_STRIDE = 16u;
const Y_STRIDE = 128u;

const N4 = N / 4u;
const K4 = K / 4u;
const OWN = 4u * COLS; // columns that one invocation holds
const HELD = 4u * DEPTH4 * OWN;

var<private> held: array<f32, HELD>; // (4 DEPTH4, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * OWN;
  let end = min((group.y + 1u) * BLOCK, M);
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u) + column + lane;
  let yBase = group.z * (Y_STRIDE / 4u) + column;
  let biasBase = group.z * (BIAS_STRIDE / 4u) + column;

  for (var first = group.y * BLOCK; first < end; first += 4u) {
    for (var c = 0u; c < OWN; c++) {
      y[yBase + (first + lane) * N4 + c] = bias[biasBase + c];
    }
  }

  for (var k = 0u; k < K4; k += DEPTH4) {
    for (var d = 0u; d < 4u * DEPTH4; d++) {
      let inside = 4u * k + d < K;
      let wRow = wBase + min(4u * k + d, K - 1u) * N4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        let columns = select(vec4f(), w[wRow + 4u * c], inside);
        held[d * OWN + 4u * c] = columns.x;
        held[d * OWN + 4u * c + 1u] = columns.y;
        held[d * OWN + 4u * c + 2u] = columns.z;
        held[d * OWN + 4u * c + 3u] = columns.w;
      }
    }
    for (var first = group.y * BLOCK; first < end; first += 4u) {
      let row = first + lane;
      var a: array<vec4f, DEPTH4>;
      //#unroll
      for (var q = 0u; q < DEPTH4; q++) {
        a[q] = x[xBase + row * K4 + min(k + q, K4 - 1u)];
      }
      // sums[16 c + 4 swap + j]: column j of the vec4 that invocation lane ^ swap holds in group c. Sixteen terms at a time, one sum after the
      // other: so many fit a register from the first to the last, and the processor works on the next sixteen meanwhile.
      var sums: array<f32, 4u * OWN>;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        //#unroll quadSwapX: -, quadSwapX, quadSwapY, quadSwapDiagonal
        for (var swap = 0u; swap < 4u; swap++) {
          //#unroll
          for (var j = 0u; j < 4u; j++) {
            sums[16u * c + 4u * swap + j] = 0.0;
            //#unroll
            for (var g = 0u; g < DEPTH4; g += 4u) {
              var t = 0.0;
              //#unroll
              for (var q = 0u; q < 4u; q++) {
                let i = 4u * (g + q) * OWN + 4u * c + j;
                t = t + a[g + q].x * quadSwapX(held[i]) + a[g + q].y * quadSwapX(held[i + OWN]) + a[g + q].z * quadSwapX(held[i + 2u * OWN]) + a[g + q].w * quadSwapX(held[i + 3u * OWN]);
              }
              sums[16u * c + 4u * swap + j] += t;
            }
          }
        }
      }
      let yRow = yBase + row * N4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        //#unroll
        for (var swap = 0u; swap < 4u; swap++) {
          let i = 16u * c + 4u * swap;
          y[yRow + 4u * c + (lane ^ swap)] += vec4f(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]);
        }
      }
    }
  }
}
