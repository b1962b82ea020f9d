// batch-norm-statistics/strip: mean and variance of the columns of TOTAL rows that come in chunks of M; N a multiple of 4, any M, TOTAL.
// `running` holds those of the chunks before this one; a chunk's are computed in two passes and merged into them (Chan, Golub,
// LeVeque 1979, http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf), which loses no more than one sum over all
// rows would. With a and b the shares of the rows before and in this chunk, and d = the chunk's mean - the mean so far:
//   mean = mean + b·d    variance = a·variance + b·(the chunk's variance) + a·b·d²
// The chunk's number is the step. The last chunk has the rows that are left, and scales the variance by VARIANCE_FACTOR.
// A workgroup computes 4·VECS columns: its LANES lanes take every LANES-th row, and a tree in workgroup memory adds the lanes, in the same
// order each time.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, M, N/4): this chunk
@group(0) @binding(1) var<storage, read> counters: array<u32>;        // (R, 4): step, ...
@group(0) @binding(2) var<storage, read_write> running: array<vec4f>; // (R, 2, N/4): mean, variance

const M = 8u;
const N = 8u;
const TOTAL = 64u;
const VECS = 1u;              // at most 256 / LANES
const LANES = 4u;             // a power of 2
const RELU_BEFORE = 0u;       // 1: what is normalised is max(x, 0)
const VARIANCE_FACTOR = 1.0f; // 1 (biased) or TOTAL/(TOTAL-1)
const X_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const RUNNING_STRIDE = 64u;

const N4 = N / 4u;
const ROUNDS = (M + LANES - 1u) / LANES;
const LEVELS = firstTrailingBit(LANES);

var<workgroup> sums: array<vec4f, VECS * LANES>;

/// Sum of `value` over the lanes of a column, in all of them.
fn laneSum(value: vec4f, local: u32) -> vec4f {
  sums[local] = value;
  for (var level = 0u; level < LEVELS; level++) {
    workgroupBarrier();
    let half = LANES >> (level + 1u);
    if (local / VECS < half) {
      sums[local] += sums[local + half * VECS];
    }
  }
  workgroupBarrier();
  let sum = sums[local % VECS];
  workgroupBarrier();
  return sum;
}

fn input(i: u32) -> vec4f {
  let value = x[i];
  return select(value, max(value, vec4f()), RELU_BEFORE == 1u);
}

@compute @workgroup_size(VECS * LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * VECS + local % VECS;
  let lane = local / VECS;
  let before = min(counters[group.z * COUNTERS_STRIDE] * M, TOTAL);
  let rows = min(M, TOTAL - before);
  let base = group.z * (X_STRIDE / 4u) + min(column, N4 - 1u);
  // Summed from the first row on: rows that hardly differ would round a long sum the same way each time.
  let origin = input(base);
  var sum = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let m = lane + round * LANES;
    if (m < rows) {
      sum += input(base + m * N4) - origin;
    }
  }
  var mean = origin + laneSum(sum, local) / f32(max(rows, 1u));
  var squares = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let m = lane + round * LANES;
    if (m < rows) {
      let d = input(base + m * N4) - mean;
      squares += d * d;
    }
  }
  var variance = laneSum(squares, local) / f32(max(rows, 1u));
  if (lane == 0u && column < N4 && rows > 0u) {
    let i = group.z * (RUNNING_STRIDE / 4u) + column;
    if (before > 0u) {
      let a = f32(before) / f32(before + rows);
      let b = f32(rows) / f32(before + rows);
      let d = mean - running[i];
      mean = running[i] + b * d;
      variance = a * running[i + N4] + b * variance + a * b * d * d;
    }
    running[i] = mean;
    running[i + N4] = select(variance, variance * VARIANCE_FACTOR, before + rows == TOTAL);
  }
}
