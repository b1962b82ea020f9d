// conv-wgrad/stationary: partial sums of dw of conv-forward (conv-wgrad/naive has the definition); C and N multiples of 4. As in
// matmul-wgrad/stationary a quad keeps a block of dy in private memory, LINES rows of y of SPAN pixels each times 16·COLS filters, while up to
// BLOCK rows of dw pass by, one per invocation: those of four neighbouring channels under one tap, whose pixels are loaded one by one.
@group(0) @binding(0) var<storage, read> x: array<f32>;               // (R, B, H, W, C)
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
const ROWS = 4u;   // ceil(B P / PARTS)
const LINES = 2u;
const SPAN = 4u;
const TERMS = 8u;  // LINES SPAN
const GROUP = 8u;  // of terms that are summed in one register; divides TERMS
const COLS = 1u;
const BLOCK = 36u; // a multiple of 4
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;
const K = SIZE_Y * SIZE_X * C;
const OWN = 4u * COLS; // filters that one invocation holds
const HELD = TERMS * OWN;

var<private> held: array<f32, HELD>; // (LINES, SPAN, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let part = group.x % PARTS;
  let column = group.x / PARTS * OWN;
  let begin = group.y * BLOCK;
  let end = min(begin + BLOCK, K);
  let lastLine = min((part + 1u) * ROWS, B * P);
  let xBase = group.z * X_STRIDE + lane;
  let dyBase = group.z * (DY_STRIDE / 4u);
  let partialBase = group.z * (PARTIAL_STRIDE / 4u) + part * K * N4;

  // A part without rows computes one block, of zeros.
  for (var line = part * ROWS; line < max(lastLine, part * ROWS + 1u); line += LINES) {
    for (var q = 0u; q < Q; q += SPAN) {
      for (var l = 0u; l < LINES; l++) {
        for (var d = 0u; d < SPAN; d++) {
          let dyRow = dyBase + (min(line + l, B * P - 1u) * Q + min(q + d, Q - 1u)) * N4;
          let at = (l * SPAN + d) * OWN;
          //#unroll
          for (var c = 0u; c < COLS; c++) {
            let own = column + 4u * c + lane;
            let filters = select(vec4f(), dy[dyRow + min(own, N4 - 1u)], q + d < Q);
            held[at + 4u * c] = filters.x;
            held[at + 4u * c + 1u] = filters.y;
            held[at + 4u * c + 2u] = filters.z;
            held[at + 4u * c + 3u] = filters.w;
          }
        }
      }
      for (var first = begin; first < end; first += 4u) {
        let tap = first / C;
        let r = tap / SIZE_X;
        let v0 = q * STEP_X + tap % SIZE_X - PAD_X; // left of the image it wraps to a large number
        let pixel0 = xBase + first % C + v0 * C;
        var a: array<f32, TERMS>;
        //#unroll
        for (var l = 0u; l < LINES; l++) {
          let row = line + l;
          let h = row % P * STEP_Y + r - PAD_Y;
          let xRow = pixel0 + (row / P * H + h) * W * C;
          let isRow = h < H && row < lastLine;
          let width = select(0u, W, isRow);
          //#unroll
          for (var d = 0u; d < SPAN; d++) {
            // Of a whole row of y it is known which pixels lie in the image under every tap.
            if (SPAN == Q && d * STEP_X >= PAD_X && d * STEP_X + SIZE_X <= W + PAD_X) {
              a[l * SPAN + d] = select(0.0, x[xRow + d * STEP_X * C], isRow);
            } else {
              a[l * SPAN + d] = select(0.0, x[xRow + d * STEP_X * C], v0 + d * STEP_X < width);
            }
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
              for (var g = 0u; g < TERMS; g += GROUP) {
                var t = 0.0;
                //#unroll
                for (var e = 0u; e < GROUP; e++) {
                  t += a[g + e] * quadSwapX(held[(g + e) * OWN + 4u * c + j]);
                }
                sums[16u * c + 4u * swap + j] += t;
              }
            }
          }
        }
        let row = partialBase + (first + lane) * N4;
        //#unroll
        for (var c = 0u; c < COLS; c++) {
          //#unroll
          for (var swap = 0u; swap < 4u; swap++) {
            let n = column + 4u * c + (lane ^ swap);
            if (n < N4) {
              let sum = vec4f(sums[16u * c + 4u * swap], sums[16u * c + 4u * swap + 1u], sums[16u * c + 4u * swap + 2u], sums[16u * c + 4u * swap + 3u]);
              if (line == part * ROWS && q == 0u) {
                partial[row + n] = sum;
              } else {
                partial[row + n] += sum;
              }
            }
          }
        }
      }
    }
  }
}
