// batch-norm-statistics/naive: mean and variance of the columns of TOTAL rows that come in chunks of M; any M, N, TOTAL.
// `running` holds those of the chunks before this one; a chunk's are computed in two passes and merged into them (Chan, Golub,
// LeVeque 1979, http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf), which loses no more than one sum over all
// rows would. With a and b the shares of the rows before and in this chunk, and d = the chunk's mean - the mean so far:
//   mean = mean + b·d    variance = a·variance + b·(the chunk's variance) + a·b·d²
// The chunk's number is the step. The last chunk has the rows that are left, and scales the variance by VARIANCE_FACTOR.
// One invocation computes one column.
@group(0) @binding(0) var<storage, read> x: array<f32>;             // (R, M, N): this chunk
@group(0) @binding(1) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(2) var<storage, read_write> running: array<f32>; // (R, 2, N): mean, variance

const M = 8u;
const N = 8u;
const TOTAL = 64u;
const RELU_BEFORE = 0u;       // 1: what is normalised is max(x, 0)
const VARIANCE_FACTOR = 1.0f; // 1 (biased) or TOTAL/(TOTAL-1)
const X_STRIDE = 64u;
const COUNTERS_STRIDE = 4u;
const RUNNING_STRIDE = 16u;

fn input(i: u32) -> f32 {
  let value = x[i];
  return select(value, max(value, 0.0), RELU_BEFORE == 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let before = counters[id.z * COUNTERS_STRIDE] * M;
  if (column >= N || before >= TOTAL) {
    return;
  }
  let rows = min(M, TOTAL - before);
  let first = id.z * X_STRIDE + column;
  var sum = 0.0;
  for (var m = 0u; m < rows; m++) {
    sum += input(first + m * N);
  }
  var mean = sum / f32(rows);
  var squares = 0.0;
  for (var m = 0u; m < rows; m++) {
    let d = input(first + m * N) - mean;
    squares += d * d;
  }
  var variance = squares / f32(rows);
  let i = id.z * RUNNING_STRIDE + column;
  if (before > 0u) {
    let a = f32(before) / f32(before + rows);
    let b = f32(rows) / f32(before + rows);
    let d = mean - running[i];
    mean = running[i] + b * d;
    variance = a * running[i + N] + b * variance + a * b * d * d;
  }
  running[i] = mean;
  running[i + N] = select(variance, variance * VARIANCE_FACTOR, before + rows == TOTAL);
}
