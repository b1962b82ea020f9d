// batch-norm-merge/naive: mean and invStd of a batch of M rows from the moments of its parts (batch-norm-moments), merged in order (Chan, Golub,
// LeVeque 1979, http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf): with a rows so far, b in the part and d the
// difference of the means, mean = mean + d·b/(a + b), squares = squares + the part's squares + d²·a·b/(a + b). Updates the running
// statistics like batch-norm-forward. One invocation merges one column; any N.
@group(0) @binding(0) var<storage, read> partial: array<f32>;       // (R, PARTS, 2, N): mean, squared deviations
@group(0) @binding(1) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(2) var<storage, read_write> running: array<f32>; // (R, 2, N): mean, variance
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;   // (R, 2, N): mean, invStd of this batch

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u; // ceil(M / PARTS)
const EPS = 1e-5f;
const STATS_MOMENTUM = 0.1f;
const VARIANCE_FACTOR = 1.0f; // of the variance that enters the running one: 1 (biased) or M/(M-1)
const FIRST_BATCH_SETS = 1u;  // 1: step 0 sets the running statistics instead of averaging
const PARTIAL_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const RUNNING_STRIDE = 64u;
const SAVED_STRIDE = 64u;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= N) {
    return;
  }
  let first = id.z * PARTIAL_STRIDE + column;
  var mean = partial[first];
  var squares = partial[first + N];
  for (var part = 1u; part < PARTS; part++) {
    let before = f32(part * ROWS);
    let rows = f32(min(M - min(part * ROWS, M), ROWS));
    let i = first + part * 2u * N;
    let d = partial[i] - mean;
    let share = rows / (before + rows);
    if (rows > 0.0) {
      mean += d * share;
      squares += partial[i + N] + d * d * before * share;
    }
  }
  let variance = squares / f32(M);
  saved[id.z * SAVED_STRIDE + column] = mean;
  saved[id.z * SAVED_STRIDE + N + column] = 1.0 / sqrt(variance + EPS);
  let sets = FIRST_BATCH_SETS == 1u && counters[id.z * COUNTERS_STRIDE] == 0u;
  let weight = select(STATS_MOMENTUM, 1.0, sets);
  let i = id.z * RUNNING_STRIDE + column;
  running[i] = (1.0 - weight) * running[i] + weight * mean;
  running[i + N] = (1.0 - weight) * running[i + N] + weight * (variance * VARIANCE_FACTOR);
}
