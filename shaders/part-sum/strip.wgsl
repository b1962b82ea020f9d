// part-sum/strip: sum(COUNT) of PARTS arrays: what a reduction in parts ends with. COUNT a multiple of 4.
// A workgroup sums VECS vec4: its LANES lanes take every LANES-th part, and a tree in workgroup memory adds the lanes, in the same order each time. For
// few sums of many parts, where naive.wgsl waits for one load after the other.
@group(0) @binding(0) var<storage, read> partial: array<vec4f>;   // (R, PARTS, COUNT/4)
@group(0) @binding(1) var<storage, read_write> sum: array<vec4f>; // (R, COUNT/4)

const COUNT = 8u;
const PARTS = 2u;
const VECS = 1u;  // at most 256 / LANES
const LANES = 4u; // a power of 2
const PARTIAL_STRIDE = 64u;
const SUM_STRIDE = 64u;

const COUNT4 = COUNT / 4u;
const ROUNDS = (PARTS + LANES - 1u) / LANES;
const LEVELS = firstTrailingBit(LANES);

var<workgroup> sums: array<vec4f, VECS * LANES>;

@compute @workgroup_size(VECS * LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * VECS + local % VECS;
  let lane = local / VECS;
  let base = group.z * (PARTIAL_STRIDE / 4u) + i;
  var total = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let part = round * LANES + lane;
    if (part < PARTS && i < COUNT4) {
      total += partial[base + part * COUNT4];
    }
  }
  sums[local] = total;
  for (var level = 0u; level < LEVELS; level++) {
    workgroupBarrier();
    let half = LANES >> (level + 1u);
    if (lane < half) {
      sums[local] += sums[local + half * VECS];
    }
  }
  if (lane == 0u && i < COUNT4) {
    sum[group.z * (SUM_STRIDE / 4u) + i] = sums[local];
  }
}
