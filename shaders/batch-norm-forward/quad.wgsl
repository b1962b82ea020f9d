// batch-norm-forward/quad: y = gamma·(x - mean)·invStd + beta over the batch, with ReLU before or after it.
// One quad of invocations computes a strip of 4 columns: each takes every fourth row, and sums are exchanged by quad swaps,
// so it needs no barrier. Two passes for mean and biased variance, a third for the output. Faster than strip.wgsl where
// a barrier costs much, as on SwiftShader, which runs workgroups with barriers as coroutines. N a multiple of 4, any M.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(1) var<storage, read> affine: array<vec4f>;        // (R, 2, N/4): gamma, beta
@group(0) @binding(2) var<storage, read> counters: array<u32>;        // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> running: array<vec4f>; // (R, 2, N/4): mean, variance
@group(0) @binding(4) var<storage, read_write> saved: array<vec4f>;   // (R, 2, N/4): mean, invStd of this batch
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;       // (R, M, N/4)

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

const N4 = N / 4u;

/// Sum of `value` over the quad, the same bits in every invocation.
fn quadSum(value: vec4f) -> vec4f {
  let pair = value + quadSwapX(value);
  return pair + quadSwapY(pair);
}

fn input(i: u32) -> vec4f {
  let value = x[i];
  return select(value, max(value, vec4f()), RELU_BEFORE == 1u);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x;
  let first = group.z * (X_STRIDE / 4u) + column;
  var sum = vec4f();
  for (var m = lane; m < M; m += 4u) {
    sum += input(first + m * N4);
  }
  let mean = quadSum(sum) / f32(M);
  var squares = vec4f();
  for (var m = lane; m < M; m += 4u) {
    let d = input(first + m * N4) - mean;
    squares += d * d;
  }
  let variance = quadSum(squares) / f32(M);
  let invStd = 1.0 / sqrt(variance + EPS);

  let gamma = affine[group.z * (AFFINE_STRIDE / 4u) + column];
  let beta = affine[group.z * (AFFINE_STRIDE / 4u) + N4 + column];
  for (var m = lane; m < M; m += 4u) {
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
