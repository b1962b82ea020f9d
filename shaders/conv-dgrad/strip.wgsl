// conv-dgrad/strip: dx of conv-forward (conv-dgrad/naive has the definition); C and N multiples of 4.
// An invocation computes a strip, PIXELS·STEP_X neighbouring pixels of a row of x times 4·COLS channels; a workgroup four strips of rows that
// meet the same rows of the filter (h % STEP_Y). Per such row and four filters it loads the WINDOW pixels of dy that its taps reach once;
// tap s then adds to every STEP_X-th pixel. The four invocations share w: each loads the row of one of four channels, quadBroadcast
// brings the others.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, B, P, Q, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, SIZE_Y, SIZE_X, C, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, B, H, W, C/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 4u;
const Q = 4u;
const N = 4u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const PIXELS = 2u;
const COLS = 1u;
const SPAN = 2u;   // PIXELS STEP_X: pixels of a strip
const SUMS = 2u;   // SPAN COLS
const WINDOW = 4u; // PIXELS - 1 + pixels of dy that a pixel of x meets
const LOWEST = 2u; // reach of the last tap: SIZE_X + ceil((PAD_X + 1 - SIZE_X) / STEP_X)
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const PHASE_H = (H + STEP_Y - 1u) / STEP_Y; // rows of a phase, at most
const STRIPS = (W + SPAN - 1u) / SPAN;      // of a row of x
const BLOCKS = (C4 + COLS - 1u) / COLS;     // of channels

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let tile = group.x;
  let column = (tile % BLOCKS) * COLS;
  let phase = tile / BLOCKS % STEP_Y;
  let strip = tile / (BLOCKS * STEP_Y) * 4u + lane;
  let row = min(strip, B * PHASE_H * STRIPS - 1u) / STRIPS;
  let v0 = (strip % STRIPS) * SPAN;
  let b = row / PHASE_H;
  let h = row % PHASE_H * STEP_Y + phase;
  let exists = strip < B * PHASE_H * STRIPS && h < H;
  let r0 = (phase + PAD_Y) % STEP_Y;
  let p0 = (h + PAD_Y - r0) / STEP_Y;
  let q0 = v0 / STEP_X + LOWEST - SIZE_X; // in front of the first column it wraps to a large number
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u) + lane * N4;
  let taps = (SIZE_Y + STEP_Y - 1u - min(r0, SIZE_Y)) / STEP_Y;

  var acc: array<vec4f, SUMS>;
  for (var t = 0u; t < taps; t++) {
    let r = r0 + STEP_Y * t;
    let p = p0 - t; // likewise
    let dyRow = dyBase + (b * P + min(p, P - 1u)) * Q * N4;
    var at: array<u32, WINDOW>;
    var inside: array<bool, WINDOW>;
    //#unroll
    for (var j = 0u; j < WINDOW; j++) {
      at[j] = dyRow + min(q0 + j, Q - 1u) * N4;
      inside[j] = p < P && q0 + j < Q;
    }
    for (var four = 0u; four < N4; four++) {
      var a: array<vec4f, WINDOW>;
      //#unroll
      for (var j = 0u; j < WINDOW; j++) {
        a[j] = select(vec4f(), dy[at[j] + four], inside[j]);
      }
      //#unroll
      for (var s = 0u; s < SIZE_X; s++) {
        // Pixel first + STEP_X i of the strip meets pixel i + reach of the window.
        let wRow = wBase + (r * SIZE_X + s) * C * N4 + four;
        //#unroll
        for (var c = 0u; c < COLS; c++) {
          let own = w[wRow + min(column + c, C4 - 1u) * 4u * N4];
          let w0 = quadBroadcast(own, 0u);
          let w1 = quadBroadcast(own, 1u);
          let w2 = quadBroadcast(own, 2u);
          let w3 = quadBroadcast(own, 3u);
          //#unroll
          for (var i = 0u; i < PIXELS; i++) {
            let first = (s + STEP_X * PAD_X - PAD_X) % STEP_X;
            let reach = (PAD_X + first + STEP_X * SIZE_X - s) / STEP_X - LOWEST;
            let g = a[i + reach];
            acc[(first + STEP_X * i) * COLS + c] += vec4f(dot(g, w0), dot(g, w1), dot(g, w2), dot(g, w3));
          }
        }
      }
    }
  }

  let dxRow = group.z * (DX_STRIDE / 4u) + ((b * H + min(h, H - 1u)) * W + v0) * C4 + column;
  //#unroll
  for (var c = 0u; c < COLS; c++) {
    if (column + c < C4) {
      //#unroll
      for (var e = 0u; e < SPAN; e++) {
        if (exists && v0 + e < W) {
          dx[dxRow + e * C4 + c] = acc[e * COLS + c];
        }
      }
    }
  }
}
