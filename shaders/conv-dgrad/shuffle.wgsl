// conv-dgrad/shuffle: dx = the gradient of conv-forward's x (conv-dgrad/naive has the definition); C and N multiples of 4. As in conv-forward/shuffle
// eight lanes hold a block of w, here for 4·WIDE·PASSES channels, while up to BLOCK pixels of x go by. With steps, the pixels that lie as far into a
// step, a phase, are reached by the same taps (conv-dgrad/stationary): a workgroup computes one phase. A block is 4·LOADS of the terms of TAPS taps of a row.
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
const TAPS = 3u;   // SIZE_X or 1; 1 where STEP_X is not
const BLOCK = 8u;  // a multiple of 8
const LOADS = 3u;
const WIDE = 8u;   // lanes that hold different channels: 8 or 4
const PASSES = 1u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const ROW4 = TAPS * N4; // terms of a row of taps, in fours
const PHASE_H = (H + STEP_Y - 1u) / STEP_Y;
const PHASE_W = (W + STEP_X - 1u) / STEP_X;
const DEPTHS = (ROW4 + LOADS - 1u) / LOADS;
const HELD = 4u * LOADS * PASSES;

var<private> held: array<vec4f, HELD>; // (4 LOADS, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let team = lane / WIDE * WIDE;
  let phase = group.x % (STEP_Y * STEP_X);
  let phaseY = phase / STEP_X;
  let phaseX = phase % STEP_X;
  let column = group.x / (STEP_Y * STEP_X) * WIDE * PASSES + lane % WIDE;
  let end = min((group.y + 1u) * BLOCK, B * PHASE_H * PHASE_W);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let dxBase = group.z * (DX_STRIDE / 4u);
  // The phase's first tap, and how far ahead of a pixel, in steps, the pixel of dy is that it reaches.
  let r0 = (phaseY + PAD_Y) % STEP_Y;
  let s0 = (phaseX + PAD_X) % STEP_X;
  let aheadY = (phaseY + PAD_Y) / STEP_Y;
  let aheadX = (phaseX + PAD_X) / STEP_X;

  // A phase that no tap reaches computes the blocks of one, of zeros.
  for (var r = r0; r < max(SIZE_Y, r0 + 1u); r += STEP_Y) {
    for (var s = s0; s < max(SIZE_X, s0 + 1u); s += TAPS * STEP_X) {
      for (var block = 0u; block < DEPTHS; block++) {
        for (var q = 0u; q < LOADS; q++) {
          let k = block * LOADS + q;
          let tap = r * SIZE_X + s + k / N4;
          let isTerm = k < ROW4 && r < SIZE_Y && s < SIZE_X;
          //#unroll
          for (var p = 0u; p < PASSES; p++) {
            let i = wBase + (tap * C + 4u * (column + WIDE * p)) * N4 + k % N4;
            let channels = transpose(mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4]));
            //#unroll
            for (var t = 0u; t < 4u; t++) {
              held[(4u * q + t) * PASSES + p] = select(vec4f(), channels[t], isTerm);
            }
          }
        }
        let isFirst = r == r0 && s == s0 && block == 0u;
        for (var eight = 0u; eight < BLOCK / 8u; eight++) {
          let first = group.y * BLOCK + 8u * eight;
          let pixel = min(first + lane, B * PHASE_H * PHASE_W - 1u);
          let row = pixel / PHASE_W;
          let p0 = row % PHASE_H + aheadY - r / STEP_Y; // above and left of dy they wrap to large numbers
          let q0 = pixel % PHASE_W + aheadX - s / STEP_X;
          let dyRow = dyBase + (row / PHASE_H * P + p0) * Q * N4;
          var own: array<vec4f, LOADS>;
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let k = min(block * LOADS + q, ROW4 - 1u);
            let dyColumn = q0 - k / N4;
            own[q] = select(vec4f(), dy[dyRow + dyColumn * N4 + k % N4], p0 < P && dyColumn < Q);
          }
          //#unroll
          for (var p = 0u; p < PASSES; p++) {
            let at = column + WIDE * p;
            for (var l = 0u; l < WIDE; l++) {
              var sum = vec4f();
              //#unroll
              for (var q = 0u; q < LOADS; q++) {
                let terms = subgroupShuffle(own[q], team + l);
                sum += terms.x * held[4u * q * PASSES + p];
                sum += terms.y * held[(4u * q + 1u) * PASSES + p];
                sum += terms.z * held[(4u * q + 2u) * PASSES + p];
                sum += terms.w * held[(4u * q + 3u) * PASSES + p];
              }
              let out = first + team + l;
              let outRow = out / PHASE_W;
              let h = outRow % PHASE_H * STEP_Y + phaseY;
              let v = out % PHASE_W * STEP_X + phaseX;
              if (at < C4 && out < end && h < H && v < W) {
                let i = dxBase + ((outRow / PHASE_H * H + h) * W + v) * C4 + at;
                if (isFirst) {
                  dx[i] = sum;
                } else {
                  dx[i] += sum;
                }
              }
            }
          }
        }
      }
    }
  }
}
