// conv-forward/strip: y = x * w + bias over NHWC activations (conv-forward/naive has the definition); C and N multiples of 4.
// An invocation computes a strip, PIXELS neighbouring pixels of a row of y times 4·COLS filters, a workgroup four strips. Per row of the
// filter and four channels it loads the WINDOW pixels of x under all SIZE_X taps once: a pixel serves up to SIZE_X outputs, where a product
// with a copied operand would load it again for each. The four invocations share w as in matmul-forward/quad: each loads one of four
// rows, quadBroadcast brings the others.
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
const N = 4u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const BIAS = 1u; // 0: there is none, and what is bound is not used
const PIXELS = 2u;
const COLS = 1u;
const WINDOW = 4u; // (PIXELS - 1) STEP_X + SIZE_X
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const Y_STRIDE = 64u;
const BIAS_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const STRIPS = (Q + PIXELS - 1u) / PIXELS; // of a row of y
const BLOCKS = (N4 + COLS - 1u) / COLS;    // of filters

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let tile = group.x;
  let column = (tile % BLOCKS) * COLS;
  let strip = (tile / BLOCKS) * 4u + lane;
  let exists = strip < B * P * STRIPS;
  let row = min(strip, B * P * STRIPS - 1u) / STRIPS;
  let q = (strip % STRIPS) * PIXELS;
  let b = row / P;
  let h0 = (row % P) * STEP_Y - PAD_Y; // in front of the image it wraps to a large number
  let v0 = q * STEP_X - PAD_X;
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u) + lane * N4;

  var acc: array<vec4f, PIXELS * COLS>;
  for (var r = 0u; r < SIZE_Y; r++) {
    let h = h0 + r;
    let xRow = xBase + (b * H + min(h, H - 1u)) * W * C4;
    var at: array<u32, WINDOW>;
    var inside: array<bool, WINDOW>;
    //#unroll
    for (var j = 0u; j < WINDOW; j++) {
      at[j] = xRow + min(v0 + j, W - 1u) * C4;
      inside[j] = h < H && v0 + j < W;
    }
    for (var four = 0u; four < C4; four++) {
      var a: array<vec4f, WINDOW>;
      //#unroll
      for (var j = 0u; j < WINDOW; j++) {
        a[j] = select(vec4f(), x[at[j] + four], inside[j]);
      }
      //#unroll
      for (var s = 0u; s < SIZE_X; s++) {
        let wRow = wBase + ((r * SIZE_X + s) * C + four * 4u) * N4;
        //#unroll
        for (var c = 0u; c < COLS; c++) {
          let own = w[wRow + min(column + c, N4 - 1u)];
          let wTile = mat4x4f(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
          //#unroll
          for (var i = 0u; i < PIXELS; i++) {
            acc[i * COLS + c] += wTile * a[i * STEP_X + s];
          }
        }
      }
    }
  }

  let yRow = group.z * (Y_STRIDE / 4u) + (row * Q + q) * N4 + column;
  //#unroll
  for (var c = 0u; c < COLS; c++) {
    if (column + c < N4) {
      let offset = select(vec4f(), bias[group.z * (BIAS_STRIDE / 4u) + column + c], BIAS == 1u);
      //#unroll
      for (var i = 0u; i < PIXELS; i++) {
        if (exists && q + i < Q) {
          y[yRow + i * N4 + c] = acc[i * COLS + c] + offset;
        }
      }
    }
  }
}
