// bias-gradient-parts/strip: column sums of dy(M,N) over each ROWS rows; part-sum adds them. N a multiple of 4, any M.
// A workgroup sums 4·VECS columns of one part: its LANES lanes take every LANES-th row, and a tree in workgroup memory adds the lanes, in the same
// order each time. More invocations in flight than naive.wgsl, which leaves a GPU idle.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;            // (R, M, N/4)
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, N/4)

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;  // ceil(M / PARTS)
const VECS = 1u;  // at most 256 / LANES
const LANES = 4u; // a power of 2
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;
const STRIPS = (N4 + VECS - 1u) / VECS;
const ROUNDS = (ROWS + LANES - 1u) / LANES;
const LEVELS = firstTrailingBit(LANES);

var<workgroup> sums: array<vec4f, VECS * LANES>;

@compute @workgroup_size(VECS * LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let part = group.x / STRIPS;
  let column = group.x % STRIPS * VECS + local % VECS;
  let lane = local / VECS;
  let first = part * ROWS + lane;
  let end = select(0u, min(part * ROWS + ROWS, M), part < PARTS && column < N4);
  let base = group.z * (DY_STRIDE / 4u) + column;
  var sum = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let m = first + round * LANES;
    if (m < end) {
      sum += dy[base + m * N4];
    }
  }
  sums[local] = sum;
  for (var level = 0u; level < LEVELS; level++) {
    workgroupBarrier();
    let half = LANES >> (level + 1u);
    if (lane < half) {
      sums[local] += sums[local + half * VECS];
    }
  }
  if (lane == 0u && part < PARTS && column < N4) {
    partial[group.z * (PARTIAL_STRIDE / 4u) + part * N4 + column] = sums[local];
  }
}
