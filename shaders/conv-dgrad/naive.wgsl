// conv-dgrad/naive: dx, the gradient of conv-forward's input: every pixel of x gathers from the pixels of y whose filter covers it.
// One invocation computes one element of dx; any size, step and padding.
@group(0) @binding(0) var<storage, read> dy: array<f32>;       // (R, B, P, Q, N)
@group(0) @binding(1) var<storage, read> w: array<f32>;        // (R, SIZE_Y, SIZE_X, C, N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (R, B, H, W, C)

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
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i >= B * H * W * C) {
    return;
  }
  let c = i % C;
  let v = i / C % W;
  let h = i / (C * W) % H;
  let b = i / (C * W * H);
  var sum = 0.0;
  for (var r = 0u; r < SIZE_Y; r++) {
    let p = h + PAD_Y - r; // times STEP_Y; in front of the first row it wraps to a large number
    for (var s = 0u; s < SIZE_X; s++) {
      let q = v + PAD_X - s;
      if (p % STEP_Y == 0u && q % STEP_X == 0u && p / STEP_Y < P && q / STEP_X < Q) {
        let dyBase = group.z * DY_STRIDE + ((b * P + p / STEP_Y) * Q + q / STEP_X) * N;
        let wBase = group.z * W_STRIDE + ((r * SIZE_X + s) * C + c) * N;
        for (var n = 0u; n < N; n++) {
          sum += dy[dyBase + n] * w[wBase + n];
        }
      }
    }
  }
  dx[group.z * DX_STRIDE + i] = sum;
}
