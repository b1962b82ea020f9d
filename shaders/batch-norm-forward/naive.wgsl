// batch-norm-forward/naive: y = gamma·(x - mean)·invStd + beta over the batch, with ReLU before or after it; any M, N.
// One invocation computes one column: mean and biased variance in two passes over its M rows, then the output.
// Updates the running statistics and saves mean and invStd for the backward pass.
@group(0) @binding(0) var<storage, read> x: array<f32>;             // (R, M, N)
@group(0) @binding(1) var<storage, read> affine: array<f32>;        // (R, 2, N): gamma, beta
@group(0) @binding(2) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> running: array<f32>; // (R, 2, N): mean, variance
@group(0) @binding(4) var<storage, read_write> saved: array<f32>;   // (R, 2, N): mean, invStd of this batch
@group(0) @binding(5) var<storage, read_write> y: array<f32>;       // (R, M, N)

const M = 8u;
const N = 8u;
const RELU_BEFORE = 0u; // 1: normalise max(x, 0)
const RELU_AFTER = 1u;  // 1: y = max(normalised, 0)
const EPS = 1e-5f;
const STATS_MOMENTUM = 0.1f;
const VARIANCE_FACTOR = 1.0f; // of the variance that enters the running one: 1 (biased) or M/(M-1)
const FIRST_BATCH_SETS = 1u;  // 1: step 0 sets the running statistics instead of averaging
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const RUNNING_STRIDE = 64u;
const SAVED_STRIDE = 64u;
const Y_STRIDE = 64u;

fn input(i: u32) -> f32 {
  let value = x[i];
  return select(value, max(value, 0.0), RELU_BEFORE == 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= N) {
    return;
  }
  let first = id.z * X_STRIDE + column;
  var sum = 0.0;
  for (var m = 0u; m < M; m++) {
    sum += input(first + m * N);
  }
  let mean = sum / f32(M);
  var squares = 0.0;
  for (var m = 0u; m < M; m++) {
    let d = input(first + m * N) - mean;
    squares += d * d;
  }
  let variance = squares / f32(M);
  let invStd = 1.0 / sqrt(variance + EPS);

  let gamma = affine[id.z * AFFINE_STRIDE + column];
  let beta = affine[id.z * AFFINE_STRIDE + N + column];
  for (var m = 0u; m < M; m++) {
    let normalised = gamma * ((input(first + m * N) - mean) * invStd) + beta;
    y[id.z * Y_STRIDE + m * N + column] = select(normalised, max(normalised, 0.0), RELU_AFTER == 1u);
  }

  saved[id.z * SAVED_STRIDE + column] = mean;
  saved[id.z * SAVED_STRIDE + N + column] = invStd;
  let sets = FIRST_BATCH_SETS == 1u && counters[id.z * COUNTERS_STRIDE] == 0u;
  let weight = select(STATS_MOMENTUM, 1.0, sets);
  let i = id.z * RUNNING_STRIDE + column;
  running[i] = (1.0 - weight) * running[i] + weight * mean;
  running[i + N] = (1.0 - weight) * running[i + N] + weight * (variance * VARIANCE_FACTOR);
}
