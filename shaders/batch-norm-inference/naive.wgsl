// batch-norm-inference/naive: y = gamma·(x - runningMean)/sqrt(runningVar + eps) + beta, with ReLU before or after it; any M, N.
// One invocation computes ROWS rows of one column, so that the four column parameters are read once for all of them.
@group(0) @binding(0) var<storage, read> x: array<f32>;       // (R, M, N)
@group(0) @binding(1) var<storage, read> affine: array<f32>;  // (R, 2, N): gamma, beta
@group(0) @binding(2) var<storage, read> running: array<f32>; // (R, 2, N): mean, variance
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (R, M, N)

const M = 8u;
const N = 8u;
const ROWS = 8u;
const RELU_BEFORE = 0u;
const RELU_AFTER = 1u;
const EPS = 1e-5f;
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const RUNNING_STRIDE = 64u;
const Y_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= N) {
    return;
  }
  let gamma = affine[id.z * AFFINE_STRIDE + column];
  let beta = affine[id.z * AFFINE_STRIDE + N + column];
  let mean = running[id.z * RUNNING_STRIDE + column];
  let invStd = 1.0 / sqrt(running[id.z * RUNNING_STRIDE + N + column] + EPS);
  let end = min((id.y + 1u) * ROWS, M);
  for (var m = id.y * ROWS; m < end; m++) {
    let value = x[id.z * X_STRIDE + m * N + column];
    let z = select(value, max(value, 0.0), RELU_BEFORE == 1u);
    let normalised = gamma * ((z - mean) * invStd) + beta;
    y[id.z * Y_STRIDE + m * N + column] = select(normalised, max(normalised, 0.0), RELU_AFTER == 1u);
  }
}
