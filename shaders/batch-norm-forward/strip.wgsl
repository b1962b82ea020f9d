// batch-norm-forward/strip: y = gamma·(x - mean)·invStd + beta over the batch, with ReLU before or after it.
// One workgroup computes a strip of 4 columns: its LANES invocations take every LANES-th row, and sums are combined in a
// tree through workgroup memory, in the same order each time. Two passes for mean and biased variance, a third for
// the output. More invocations in flight than naive.wgsl, and vec4 accesses. N a multiple of 4, any M.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(1) var<storage, read> affine: array<vec4f>;        // (R, 2, N/4): gamma, beta
@group(0) @binding(2) var<storage, read> counters: array<u32>;        // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> running: array<vec4f>; // (R, 2, N/4): mean, variance
@group(0) @binding(4) var<storage, read_write> saved: array<vec4f>;   // (R, 2, N/4): mean, invStd of this batch
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;       // (R, M, N/4)

const M = 8u;
const N = 8u;
const LANES = 4u;
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

const N4 = N / 4u;

var<workgroup> partial: array<vec4f, LANES>;

/// Sum of `value` over the workgroup, in every invocation.
fn workgroupSum(value: vec4f, lane: u32) -> vec4f {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

fn input(i: u32) -> vec4f {
  let value = x[i];
  return select(value, max(value, vec4f()), RELU_BEFORE == 1u);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x;
  let first = group.z * (X_STRIDE / 4u) + column;
  var sum = vec4f();
  for (var m = lane; m < M; m += LANES) {
    sum += input(first + m * N4);
  }
  let mean = workgroupSum(sum, lane) / f32(M);
  var squares = vec4f();
  for (var m = lane; m < M; m += LANES) {
    let d = input(first + m * N4) - mean;
    squares += d * d;
  }
  let variance = workgroupSum(squares, lane) / f32(M);
  let invStd = 1.0 / sqrt(variance + EPS);

  let gamma = affine[group.z * (AFFINE_STRIDE / 4u) + column];
  let beta = affine[group.z * (AFFINE_STRIDE / 4u) + N4 + column];
  for (var m = lane; m < M; m += LANES) {
    let normalised = gamma * ((input(first + m * N4) - mean) * invStd) + beta;
    y[group.z * (Y_STRIDE / 4u) + m * N4 + column] = select(normalised, max(normalised, vec4f()), RELU_AFTER == 1u);
  }

  if (lane == 0u) {
    saved[group.z * (SAVED_STRIDE / 4u) + column] = mean;
    saved[group.z * (SAVED_STRIDE / 4u) + N4 + column] = invStd;
    let sets = FIRST_BATCH_SETS == 1u && counters[group.z * COUNTERS_STRIDE] == 0u;
    let weight = select(STATS_MOMENTUM, 1.0, sets);
    let i = group.z * (RUNNING_STRIDE / 4u) + column;
    running[i] = (1.0 - weight) * running[i] + weight * mean;
    running[i + N4] = (1.0 - weight) * running[i + N4] + weight * (variance * VARIANCE_FACTOR);
  }
}
