// conv-wgrad/shuffle: partial sums of dw of conv-forward (conv-wgrad/naive has the definition); C and N multiples of 4. As in matmul-wgrad/shuffle
// eight lanes hold a block of dy, 8·LOADS of a part's pixels times 32·PASSES filters, while up to BLOCK rows of dw go by, four at a time: four neighbouring
// channels under one tap.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, B, H, W, C/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;            // (R, B, P, Q, N/4)
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, SIZE_Y, SIZE_X, C, N/4)

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
const PARTS = 1u;
const ROWS = 4u;    // ceil(B P / PARTS)
const BLOCK = 40u;  // a multiple of 8
const LOADS = 1u;
const PASSES = 1u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const K = SIZE_Y * SIZE_X * C;
const DEPTH = 8u * LOADS;
const PIXELS = ROWS * Q; // of a part
const DEPTHS = (PIXELS + DEPTH - 1u) / DEPTH;
const HELD = DEPTH * PASSES;

var<private> held: array<vec4f, HELD>; // (DEPTH, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let part = group.x % PARTS;
  let column = group.x / PARTS * 8u * PASSES + lane;
  let end = min((group.y + 1u) * BLOCK, K);
  let lastPixel = min((part + 1u) * PIXELS, B * P * Q);
  let xBase = group.z * (X_STRIDE / 4u);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let partialBase = group.z * (PARTIAL_STRIDE / 4u) + part * K * N4;

  for (var block = 0u; block < DEPTHS; block++) {
    let start = part * PIXELS + block * DEPTH;
    for (var d = 0u; d < DEPTH; d++) {
      let dyRow = dyBase + (start + d) * N4 + column;
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        held[d * PASSES + p] = select(vec4f(), dy[dyRow + 8u * p], start + d < lastPixel);
      }
    }
    for (var four = 0u; four < BLOCK / 4u; four++) {
      let first = min(group.y * BLOCK + 4u * four, end);
      let rows = min(end - first, 4u);
      let tap = min(first, K - 4u) / C;
      let r = tap / SIZE_X;
      let s = tap % SIZE_X;
      let c4 = first % C / 4u;
      var own: array<vec4f, LOADS>;
      //#unroll
      for (var q = 0u; q < LOADS; q++) {
        let pixel = min(start + 8u * q + lane, B * P * Q - 1u);
        let row = pixel / Q;
        let h = row % P * STEP_Y + r - PAD_Y; // above and left of the image they wrap to large numbers
        let v = pixel % Q * STEP_X + s - PAD_X;
        own[q] = select(vec4f(), x[xBase + ((row / P * H + h) * W + v) * C4 + c4], h < H && v < W);
      }
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let at = column + 8u * p;
        for (var j = 0u; j < rows; j++) {
          var sum = vec4f();
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let term = own[q][j];
            //#unroll
            for (var l = 0u; l < 8u; l++) {
              sum += subgroupShuffle(term, l) * held[(8u * q + l) * PASSES + p];
            }
          }
          if (at < N4) {
            let i = partialBase + (first + j) * N4 + at;
            if (block == 0u) {
              partial[i] = sum;
            } else {
              partial[i] += sum;
            }
          }
        }
      }
    }
  }
}
