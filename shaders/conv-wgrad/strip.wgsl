// conv-wgrad/strip: partial sums of dw of conv-forward (conv-wgrad/naive has the definition); C and N multiples of 4.
// An invocation computes, of one part, the filter rows of VECS groups of four channels in one row of the filter: SIZE_X·4·VECS rows of dw
// times 4·COLS filters; a workgroup four such groups. A round is four pixels of a row of y: the WINDOW pixels of x under all taps are loaded
// once, and each of the four invocations loads one pixel of dy, which quadBroadcast brings to the others.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, B, H, W, C/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;            // (R, B, P, Q, N/4)
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, SIZE_Y, SIZE_X, C, N/4)

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
const PARTS = 1u;
const ROWS = 4u;   // ceil(B P / PARTS)
const VECS = 1u;
const COLS = 1u;
const WINDOW = 6u; // 3 STEP_X + SIZE_X
const SUMS = 12u;  // 4 SIZE_X VECS COLS
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const GROUPS = (C4 + VECS - 1u) / VECS;     // of channels
const QUADS = (SIZE_Y * GROUPS + 3u) / 4u;
const BLOCKS = (N4 + COLS - 1u) / COLS;     // of filters

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let tile = group.x;
  let column = (tile % BLOCKS) * COLS;
  let own = tile / BLOCKS % QUADS * 4u + lane;
  let part = tile / (BLOCKS * QUADS);
  let r = min(own / GROUPS, SIZE_Y - 1u);
  let vec = own % GROUPS * VECS;
  let xBase = group.z * (X_STRIDE / 4u);
  let dyBase = group.z * (DY_STRIDE / 4u) + column;

  var acc: array<vec4f, SUMS>;
  let end = min((part + 1u) * ROWS, B * P);
  for (var row = part * ROWS; row < end; row++) {
    let h = row % P * STEP_Y + r - PAD_Y; // in front of the image it wraps to a large number
    let xRow = xBase + (row / P * H + min(h, H - 1u)) * W * C4;
    for (var q = 0u; q < Q; q += 4u) {
      let v0 = q * STEP_X - PAD_X;
      var a: array<vec4f, WINDOW * VECS>;
      //#unroll
      for (var j = 0u; j < WINDOW; j++) {
        let at = xRow + min(v0 + j, W - 1u) * C4;
        let inside = h < H && v0 + j < W;
        //#unroll
        for (var k = 0u; k < VECS; k++) {
          a[j * VECS + k] = select(vec4f(), x[at + min(vec + k, C4 - 1u)], inside);
        }
      }
      let dyRow = dyBase + (row * Q + min(q + lane, Q - 1u)) * N4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        let mine = select(vec4f(), dy[dyRow + min(c, N4 - 1u - column)], q + lane < Q);
        let g = mat4x4f(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
        //#unroll
        for (var s = 0u; s < SIZE_X; s++) {
          //#unroll
          for (var k = 0u; k < VECS; k++) {
            let x0 = a[s * VECS + k];
            let x1 = a[(s + STEP_X) * VECS + k];
            let x2 = a[(s + 2u * STEP_X) * VECS + k];
            let x3 = a[(s + 3u * STEP_X) * VECS + k];
            acc[((s * VECS + k) * 4u + 0u) * COLS + c] += g * vec4f(x0.x, x1.x, x2.x, x3.x);
            acc[((s * VECS + k) * 4u + 1u) * COLS + c] += g * vec4f(x0.y, x1.y, x2.y, x3.y);
            acc[((s * VECS + k) * 4u + 2u) * COLS + c] += g * vec4f(x0.z, x1.z, x2.z, x3.z);
            acc[((s * VECS + k) * 4u + 3u) * COLS + c] += g * vec4f(x0.w, x1.w, x2.w, x3.w);
          }
        }
      }
    }
  }

  let first = group.z * (PARTIAL_STRIDE / 4u) + (part * SIZE_Y + r) * SIZE_X * C * N4 + column;
  if (own / GROUPS < SIZE_Y) {
    //#unroll
    for (var s = 0u; s < SIZE_X; s++) {
      //#unroll
      for (var k = 0u; k < VECS; k++) {
        if (vec + k < C4) {
          //#unroll
          for (var c = 0u; c < COLS; c++) {
            if (column + c < N4) {
              let i = first + (s * C + (vec + k) * 4u) * N4 + c;
              let sum = ((s * VECS + k) * 4u) * COLS + c;
              partial[i] = acc[sum];
              partial[i + N4] = acc[sum + COLS];
              partial[i + 2u * N4] = acc[sum + 2u * COLS];
              partial[i + 3u * N4] = acc[sum + 3u * COLS];
            }
          }
        }
      }
    }
  }
}
