// conv-forward/stationary: y = x * w + bias over NHWC activations (conv-forward/naive has the definition); C and N multiples of 4.
// As in matmul-forward/stationary a quad keeps a block of w in private memory, TAP_ROWS rows of the filter times 4·DEPTH4 terms
// of each times 16·COLS filters, while up to BLOCK pixels of y pass by, one per invocation. The pixels under a row of the filter lie behind one
// another, so the terms of a row are SIZE_X·C neighbouring numbers, of which those beyond the image's border are 0.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, B, H, W, C/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, SIZE_Y, SIZE_X, C, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, B, P, Q, N/4)
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 4u;
const Q = 4u;
const N = 16u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const BIAS = 1u;     // 0: there is none, and what is bound is not used
const TAP_ROWS = 3u; // divides SIZE_Y
const DEPTH4 = 3u;   // in fours
const TERMS4 = 9u;   // TAP_ROWS DEPTH4
const GROUP = 3u;    // of terms, in fours, that are summed in one register; divides TERMS4
const COLS = 1u;
const BLOCK = 8u;    // a multiple of 4
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const Y_STRIDE = 64u;
const BIAS_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const ROW4 = SIZE_X * C4; // terms of a row of the filter, in fours
const OWN = 4u * COLS;    // filters that one invocation holds
const HELD = 4u * TERMS4 * OWN;

var<private> held: array<f32, HELD>; // (4 TERMS4, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * OWN;
  let end = min((group.y + 1u) * BLOCK, B * P * Q);
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let yBase = group.z * (Y_STRIDE / 4u);
  let biasBase = group.z * (BIAS_STRIDE / 4u);

  for (var r = 0u; r < SIZE_Y; r += TAP_ROWS) {
    for (var k = 0u; k < ROW4; k += DEPTH4) {
      for (var t = 0u; t < TAP_ROWS; t++) {
        for (var d = 0u; d < 4u * DEPTH4; d++) {
          let wRow = wBase + ((r + t) * 4u * ROW4 + min(4u * k + d, 4u * ROW4 - 1u)) * N4;
          let at = (t * 4u * DEPTH4 + d) * OWN;
          //#unroll
          for (var c = 0u; c < COLS; c++) {
            let own = column + 4u * c + lane;
            let columns = w[wRow + min(own, N4 - 1u)];
            held[at + 4u * c] = columns.x;
            held[at + 4u * c + 1u] = columns.y;
            held[at + 4u * c + 2u] = columns.z;
            held[at + 4u * c + 3u] = columns.w;
          }
        }
      }
      for (var first = group.y * BLOCK; first < end; first += 4u) {
        let pixel = first + lane;
        let row = pixel / Q;
        let h0 = (row % P) * STEP_Y - PAD_Y;              // in front of the image it wraps to a large number
        let v0 = i32(pixel % Q * STEP_X) - i32(PAD_X);
        let start = u32(max(-v0, 0)) * C4;                // the first of a row's terms that lies in the image
        let count = u32(max(min(v0 + i32(SIZE_X), i32(W)) - max(v0, 0), 0)) * C4;
        let xRow = xBase + (row / P * H + h0 + r) * W * C4 + u32(v0) * C4 + k;
        var a: array<vec4f, TERMS4>;
        //#unroll
        for (var t = 0u; t < TAP_ROWS; t++) {
          let inside = select(0u, count, h0 + r + t < H);
          //#unroll
          for (var d = 0u; d < DEPTH4; d++) {
            a[t * DEPTH4 + d] = select(vec4f(), x[xRow + t * W * C4 + d], k + d - start < inside);
          }
        }
        // sums[16 c + 4 swap + j]: column j of the vec4 that invocation lane ^ swap holds in group c. A group of terms at a time, one sum after the
        // other: so many fit a register from the first to the last, and the processor works on the next group meanwhile.
        var sums: array<f32, 4u * OWN>;
        //#unroll
        for (var c = 0u; c < COLS; c++) {
          //#unroll quadSwapX: -, quadSwapX, quadSwapY, quadSwapDiagonal
          for (var swap = 0u; swap < 4u; swap++) {
            //#unroll
            for (var j = 0u; j < 4u; j++) {
              sums[16u * c + 4u * swap + j] = 0.0;
              //#unroll
              for (var g = 0u; g < TERMS4; g += GROUP) {
                var t = 0.0;
                //#unroll
                for (var q = 0u; q < GROUP; q++) {
                  let i = 4u * (g + q) * OWN + 4u * c + j;
                  t = t + a[g + q].x * quadSwapX(held[i]) + a[g + q].y * quadSwapX(held[i + OWN]) + a[g + q].z * quadSwapX(held[i + 2u * OWN]) + a[g + q].w * quadSwapX(held[i + 3u * OWN]);
                }
                sums[16u * c + 4u * swap + j] += t;
              }
            }
          }
        }
        let yRow = yBase + pixel * N4;
        //#unroll
        for (var c = 0u; c < COLS; c++) {
          //#unroll
          for (var swap = 0u; swap < 4u; swap++) {
            let n = column + 4u * c + (lane ^ swap);
            if (pixel < end && n < N4) {
              let sum = vec4f(sums[16u * c + 4u * swap], sums[16u * c + 4u * swap + 1u], sums[16u * c + 4u * swap + 2u], sums[16u * c + 4u * swap + 3u]);
              if (r == 0u && k == 0u) {
                y[yRow + n] = sum + select(vec4f(), bias[biasBase + n], BIAS == 1u);
              } else {
                y[yRow + n] += sum;
              }
            }
          }
        }
      }
    }
  }
}
