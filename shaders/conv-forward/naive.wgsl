// conv-forward/naive: y = x * w + bias, a convolution (cross-correlation, as in PyTorch) over NHWC activations; any size, step and padding.
// One invocation computes one element of y. The yardstick that the other variants are measured against.
// As a matrix product y(M,N) = x'(M,K)·w(K,N): M = B·P·Q, K = SIZE_Y·SIZE_X·C, x' the pixels under the filter, 0 where it overhangs.
@group(0) @binding(0) var<storage, read> x: array<f32>;       // (R, B, H, W, C)
@group(0) @binding(1) var<storage, read> w: array<f32>;       // (R, SIZE_Y, SIZE_X, C, N)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (R, B, P, Q, N)
@group(0) @binding(3) var<storage, read> bias: array<f32>;    // (R, N)

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
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const Y_STRIDE = 64u;
const BIAS_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i >= B * P * Q * N) {
    return;
  }
  let n = i % N;
  let q = i / N % Q;
  let p = i / (N * Q) % P;
  let b = i / (N * Q * P);
  var sum = select(0.0, bias[group.z * BIAS_STRIDE + n], BIAS == 1u);
  for (var r = 0u; r < SIZE_Y; r++) {
    let h = p * STEP_Y + r - PAD_Y; // in front of the image it wraps to a large number
    for (var s = 0u; s < SIZE_X; s++) {
      let v = q * STEP_X + s - PAD_X;
      if (h < H && v < W) {
        let xBase = group.z * X_STRIDE + ((b * H + h) * W + v) * C;
        let wBase = group.z * W_STRIDE + (r * SIZE_X + s) * C * N + n;
        for (var c = 0u; c < C; c++) {
          sum += x[xBase + c] * w[wBase + c * N];
        }
      }
    }
  }
  y[group.z * Y_STRIDE + i] = sum;
}
