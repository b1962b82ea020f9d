// batch-norm-merge/strip: mean and invStd of a batch of M rows from the moments of its parts (batch-norm-moments), merged as in naive.wgsl, but in a
// tree: a workgroup merges COLUMNS columns, each of its LANES lanes a run of neighbouring parts, then lanes merge in pairs through workgroup
// memory, in the same order each time. Updates the running statistics like batch-norm-forward. Any N.
@group(0) @binding(0) var<storage, read> partial: array<f32>;       // (R, PARTS, 2, N): mean, squared deviations
@group(0) @binding(1) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(2) var<storage, read_write> running: array<f32>; // (R, 2, N): mean, variance
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;   // (R, 2, N): mean, invStd of this batch

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;    // ceil(M / PARTS)
const COLUMNS = 4u; // at most 256 / LANES
const LANES = 2u;   // a power of 2
const EPS = 1e-5f;
const STATS_MOMENTUM = 0.1f;
const VARIANCE_FACTOR = 1.0f; // of the variance that enters the running one: 1 (biased) or M/(M-1)
const FIRST_BATCH_SETS = 1u;  // 1: step 0 sets the running statistics instead of averaging
const PARTIAL_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const RUNNING_STRIDE = 64u;
const SAVED_STRIDE = 64u;

const PER_LANE = (PARTS + LANES - 1u) / LANES;
const LEVELS = firstTrailingBit(LANES);

struct Moments {
  rows: f32,
  mean: f32,
  squares: f32,
}

var<workgroup> moments: array<Moments, COLUMNS * LANES>;

fn merged(a: Moments, b: Moments) -> Moments {
  let rows = a.rows + b.rows;
  let share = select(0.0, b.rows / max(rows, 1.0), rows > 0.0);
  let d = b.mean - a.mean;
  return Moments(rows, a.mean + d * share, a.squares + b.squares + d * d * a.rows * share);
}

@compute @workgroup_size(COLUMNS * LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * COLUMNS + local % COLUMNS;
  let lane = local / COLUMNS;
  var own = Moments();
  for (var k = 0u; k < PER_LANE; k++) {
    let part = lane * PER_LANE + k;
    if (part < PARTS && column < N) {
      let rows = f32(min(M - min(part * ROWS, M), ROWS));
      let i = group.z * PARTIAL_STRIDE + part * 2u * N + column;
      own = merged(own, Moments(rows, partial[i], partial[i + N]));
    }
  }
  moments[local] = own;
  for (var level = 0u; level < LEVELS; level++) {
    workgroupBarrier();
    let span = 1u << level;
    if (lane % (2u * span) == 0u) {
      moments[local] = merged(moments[local], moments[local + span * COLUMNS]);
    }
  }
  if (lane == 0u && column < N) {
    let mean = moments[local].mean;
    let variance = moments[local].squares / f32(M);
    saved[group.z * SAVED_STRIDE + column] = mean;
    saved[group.z * SAVED_STRIDE + N + column] = 1.0 / sqrt(variance + EPS);
    let sets = FIRST_BATCH_SETS == 1u && counters[group.z * COUNTERS_STRIDE] == 0u;
    let weight = select(STATS_MOMENTUM, 1.0, sets);
    let i = group.z * RUNNING_STRIDE + column;
    running[i] = (1.0 - weight) * running[i] + weight * mean;
    running[i + N] = (1.0 - weight) * running[i + N] + weight * (variance * VARIANCE_FACTOR);
  }
}
