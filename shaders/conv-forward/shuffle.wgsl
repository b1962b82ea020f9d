// conv-forward/shuffle: y = x * w + bias over NHWC activations (conv-forward/naive has the definition); C and N multiples of 4. As in
// matmul-forward/shuffle eight lanes hold a block of w, 4·LOADS of its terms times 4·WIDE·PASSES filters, while up to BLOCK pixels of y go by: each lane
// loads the terms of one pixel, 0 beyond the image's border. Where there are few filters, WIDE = 4: two teams of four lanes hold the same and take four pixels each.
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
const BIAS = 1u;   // 0: there is none, and what is bound is not used
const BLOCK = 8u;  // a multiple of 8
const LOADS = 9u;
const WIDE = 8u;   // lanes that hold different filters: 8 or 4
const PASSES = 1u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const Y_STRIDE = 64u;
const BIAS_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const ROW4 = SIZE_X * C4; // terms under a row of the filter, in fours
const K4 = SIZE_Y * ROW4;
const DEPTH = 4u * LOADS;
const DEPTHS = (K4 + LOADS - 1u) / LOADS;
const HELD = DEPTH * PASSES;

var<private> held: array<vec4f, HELD>; // (DEPTH, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let team = lane / WIDE * WIDE;
  let column = group.x * WIDE * PASSES + lane % WIDE;
  let end = min((group.y + 1u) * BLOCK, B * P * Q);
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let yBase = group.z * (Y_STRIDE / 4u);
  let biasBase = group.z * (BIAS_STRIDE / 4u);

  for (var block = 0u; block < DEPTHS; block++) {
    for (var d = 0u; d < DEPTH; d++) {
      let k = block * DEPTH + d;
      let wRow = wBase + k * N4 + column;
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        held[d * PASSES + p] = select(vec4f(), w[wRow + WIDE * p], k < 4u * K4);
      }
    }
    for (var eight = 0u; eight < BLOCK / 8u; eight++) {
      let first = group.y * BLOCK + 8u * eight;
      let pixel = min(first + lane, B * P * Q - 1u);
      let row = pixel / Q;
      let h0 = row % P * STEP_Y - PAD_Y;   // above and left of the image they wrap to large numbers
      let v0 = pixel % Q * STEP_X - PAD_X;
      let xPixel = xBase + ((row / P * H + h0) * W + v0) * C4;
      var own: array<vec4f, LOADS>;
      //#unroll
      for (var q = 0u; q < LOADS; q++) {
        let k = min(block * LOADS + q, K4 - 1u);
        let r = k / ROW4;
        let t = k % ROW4;
        own[q] = select(vec4f(), x[xPixel + r * W * C4 + t], h0 + r < H && v0 + t / C4 < W);
      }
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let at = column + WIDE * p;
        for (var r = 0u; r < WIDE; r++) {
          var sum = vec4f();
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let terms = subgroupShuffle(own[q], team + r);
            sum += terms.x * held[4u * q * PASSES + p];
            sum += terms.y * held[(4u * q + 1u) * PASSES + p];
            sum += terms.z * held[(4u * q + 2u) * PASSES + p];
            sum += terms.w * held[(4u * q + 3u) * PASSES + p];
          }
          let out = first + team + r;
          if (at < N4 && out < end) {
            let i = yBase + out * N4 + at;
            if (block == 0u) {
              y[i] = sum + select(vec4f(), bias[biasBase + at], BIAS == 1u);
            } else {
              y[i] += sum;
            }
          }
        }
      }
    }
  }
}
