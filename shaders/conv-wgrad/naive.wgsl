// conv-wgrad/naive: partial sums of dw, the gradient of conv-forward's filters: part s sums the ROWS rows (b, p) of y from ROWS·s on.
// part-sum adds the parts. One invocation computes one element of one part; any size, step and padding.
@group(0) @binding(0) var<storage, read> x: array<f32>;             // (R, B, H, W, C)
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // (R, B, P, Q, N)
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // (R, PARTS, SIZE_Y, SIZE_X, C, N)

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
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i >= PARTS * SIZE_Y * SIZE_X * C * N) {
    return;
  }
  let n = i % N;
  let c = i / N % C;
  let s = i / (N * C) % SIZE_X;
  let r = i / (N * C * SIZE_X) % SIZE_Y;
  let part = i / (N * C * SIZE_X * SIZE_Y);
  var sum = 0.0;
  let end = min((part + 1u) * ROWS, B * P);
  for (var row = part * ROWS; row < end; row++) {
    let h = row % P * STEP_Y + r - PAD_Y; // in front of the image it wraps to a large number
    for (var q = 0u; q < Q; q++) {
      let v = q * STEP_X + s - PAD_X;
      if (h < H && v < W) {
        let xi = group.z * X_STRIDE + ((row / P * H + h) * W + v) * C + c;
        sum += x[xi] * dy[group.z * DY_STRIDE + (row * Q + q) * N + n];
      }
    }
  }
  partial[group.z * PARTIAL_STRIDE + i] = sum;
}
