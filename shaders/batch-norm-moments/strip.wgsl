// batch-norm-moments/strip: mean and sum of squared deviations of the columns of x(M,N) over each ROWS rows; batch-norm-merge makes one of
// all parts. N a multiple of 4, any M. A workgroup computes 4·VECS columns of one part in two passes: its LANES lanes take every LANES-th row, and a
// tree in workgroup memory adds the lanes, in the same order each time. More invocations in flight than naive.wgsl, which leaves a GPU idle.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, 2, N/4): mean, squared deviations

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;        // ceil(M / PARTS)
const VECS = 1u;        // at most 256 / LANES
const LANES = 4u;       // a power of 2
const RELU_BEFORE = 0u; // 1: of max(x, 0)
const X_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;
const STRIPS = (N4 + VECS - 1u) / VECS;
const ROUNDS = (ROWS + LANES - 1u) / LANES;
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
  let part = group.x / STRIPS;
  let column = group.x % STRIPS * VECS + local % VECS;
  let lane = local / VECS;
  let isInside = part < PARTS && column < N4;
  let first = min(part * ROWS, M);
  let end = select(first, min(first + ROWS, M), isInside);
  let base = group.z * (X_STRIDE / 4u) + min(column, N4 - 1u);
  // Summed from the first row on: rows that hardly differ would round a long sum the same way each time.
  let origin = select(vec4f(), input(base + min(first, M - 1u) * N4), first < end);
  var sum = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let m = first + lane + round * LANES;
    if (m < end) {
      sum += input(base + m * N4) - origin;
    }
  }
  let mean = origin + laneSum(sum, local) / f32(max(end - first, 1u));
  var squares = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let m = first + lane + round * LANES;
    if (m < end) {
      let d = input(base + m * N4) - mean;
      squares += d * d;
    }
  }
  let total = laneSum(squares, local);
  if (lane == 0u && isInside) {
    let to = group.z * (PARTIAL_STRIDE / 4u) + part * 2u * N4 + column;
    partial[to] = mean;
    partial[to + N4] = total;
  }
}
