// conv-dgrad/stationary: dx = the gradient of conv-forward's x (conv-dgrad/naive has the definition); C and N multiples of 4. As in
// matmul-dgrad/stationary a quad keeps a block of w in private memory while up to BLOCK pixels of x pass by, one per invocation. With steps, the pixels
// that lie as far into a step, a phase, are reached by the same taps, every STEP_Y-th row and STEP_X-th column of the filter: a workgroup computes one
// phase. Its blocks are TAP_ROWS rows of the phase's taps times TAPS taps of each (all, or one) times N, or 4·DEPTH4 of a row's terms, for 16·COLS channels.
// Neighbouring taps reach neighbouring pixels of dy, in opposite order.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, B, P, Q, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, SIZE_Y, SIZE_X, C, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, B, H, W, C/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 16u;
const P = 4u;
const Q = 4u;
const N = 4u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const TAP_ROWS = 3u; // SIZE_Y or 1; 1 where STEP_Y is not
const TAPS = 3u;     // SIZE_X or 1; 1 where STEP_X is not
const DEPTH4 = 3u;   // terms of a row in a block, in fours
const TERMS4 = 9u;   // TAP_ROWS DEPTH4
const GROUP = 9u;    // of terms, in fours, that are summed in one register; divides TERMS4
const COLS = 1u;
const BLOCK = 8u;    // a multiple of 4
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const ROW4 = TAPS * N4; // terms of a row of a block's taps, in fours
const PHASE_H = (H + STEP_Y - 1u) / STEP_Y;
const PHASE_W = (W + STEP_X - 1u) / STEP_X;
const OWN = 4u * COLS;  // channels that one invocation holds
const HELD = 4u * TERMS4 * OWN;

var<private> held: array<f32, HELD>; // (4 TERMS4, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let phase = group.x % (STEP_Y * STEP_X);
  let phaseY = phase / STEP_X;
  let phaseX = phase % STEP_X;
  let column = group.x / (STEP_Y * STEP_X) * OWN;
  let end = min((group.y + 1u) * BLOCK, B * PHASE_H * PHASE_W);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let dxBase = group.z * (DX_STRIDE / 4u);
  // The phase's first tap, and how far ahead of a pixel, in steps, the pixel of dy is that it reaches.
  let r0 = (phaseY + PAD_Y) % STEP_Y;
  let s0 = (phaseX + PAD_X) % STEP_X;
  let aheadY = (phaseY + PAD_Y) / STEP_Y;
  let aheadX = (phaseX + PAD_X) / STEP_X;

  // A phase that no tap reaches computes one block, of zeros.
  for (var r = r0; r < max(SIZE_Y, r0 + 1u); r += TAP_ROWS * STEP_Y) {
    for (var s = s0; s < max(SIZE_X, s0 + 1u); s += TAPS * STEP_X) {
      for (var k = 0u; k < ROW4; k += DEPTH4) {
        for (var t = 0u; t < TAP_ROWS; t++) {
          for (var d = 0u; d < DEPTH4; d++) {
            let tap = TAPS - 1u - min((k + d) / N4, TAPS - 1u);
            let inside = r < SIZE_Y && s < SIZE_X;
            let wRow = wBase + ((min(r, SIZE_Y - 1u) + t) * SIZE_X + min(s, SIZE_X - 1u) + tap) * C * N4 + (k + d) % N4;
            let at = (t * DEPTH4 + d) * 4u * OWN;
            //#unroll
            for (var c = 0u; c < COLS; c++) {
              let own = column + 4u * c + lane;
              for (var j = 0u; j < 4u; j++) {
                let terms = select(vec4f(), w[wRow + (4u * min(own, C4 - 1u) + j) * N4], inside);
                held[at + 4u * c + j] = terms.x;
                held[at + OWN + 4u * c + j] = terms.y;
                held[at + 2u * OWN + 4u * c + j] = terms.z;
                held[at + 3u * OWN + 4u * c + j] = terms.w;
              }
            }
          }
        }
        for (var first = group.y * BLOCK; first < end; first += 4u) {
          let pixel = first + lane;
          let row = pixel / PHASE_W;
          let i = row % PHASE_H;
          let j = pixel % PHASE_W;
          let b = row / PHASE_H;
          let p0 = i + aheadY - r / STEP_Y;                            // above the image it wraps to a large number
          let q0 = i32(j + aheadX) - i32(s / STEP_X + TAPS - 1u);      // of the last tap
          let start = u32(max(-q0, 0)) * N4;                           // the first of a row's terms that lies in dy
          let count = u32(max(min(q0 + i32(TAPS), i32(Q)) - max(q0, 0), 0)) * N4;
          let dyRow = dyBase + (b * P + p0) * Q * N4 + u32(q0) * N4 + k;
          var a: array<vec4f, TERMS4>;
          //#unroll
          for (var t = 0u; t < TAP_ROWS; t++) {
            let inside = select(0u, count, p0 - t < P);
            //#unroll
            for (var d = 0u; d < DEPTH4; d++) {
              a[t * DEPTH4 + d] = select(vec4f(), dy[dyRow - t * Q * N4 + d], k + d - start < inside);
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
              for (var e = 0u; e < 4u; e++) {
                sums[16u * c + 4u * swap + e] = 0.0;
                //#unroll
                for (var g = 0u; g < TERMS4; g += GROUP) {
                  var sum = 0.0;
                  //#unroll
                  for (var f = 0u; f < GROUP; f++) {
                    let at = 4u * (g + f) * OWN + 4u * c + e;
                    sum = sum + a[g + f].x * quadSwapX(held[at]) + a[g + f].y * quadSwapX(held[at + OWN]) + a[g + f].z * quadSwapX(held[at + 2u * OWN]) + a[g + f].w * quadSwapX(held[at + 3u * OWN]);
                  }
                  sums[16u * c + 4u * swap + e] += sum;
                }
              }
            }
          }
          let h = i * STEP_Y + phaseY;
          let v = j * STEP_X + phaseX;
          let dxRow = dxBase + ((b * H + h) * W + v) * C4;
          let exists = pixel < end && h < H && v < W;
          let isFirst = r == r0 && s == s0 && k == 0u;
          //#unroll
          for (var c = 0u; c < COLS; c++) {
            //#unroll
            for (var swap = 0u; swap < 4u; swap++) {
              let own = column + 4u * c + (lane ^ swap);
              if (exists && own < C4) {
                let sum = vec4f(sums[16u * c + 4u * swap], sums[16u * c + 4u * swap + 1u], sums[16u * c + 4u * swap + 2u], sums[16u * c + 4u * swap + 3u]);
                if (isFirst) {
                  dx[dxRow + own] = sum;
                } else {
                  dx[dxRow + own] += sum;
                }
              }
            }
          }
        }
      }
    }
  }
}
