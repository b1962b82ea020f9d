// part-sum/naive: sum(COUNT) = part 0 + part 1 + ..., in this order: what a reduction in parts ends with. COUNT a multiple of 4.
// One invocation sums one vec4.
@group(0) @binding(0) var<storage, read> partial: array<vec4f>;   // (R, PARTS, COUNT/4)
@group(0) @binding(1) var<storage, read_write> sum: array<vec4f>; // (R, COUNT/4)

const COUNT = 8u;
const PARTS = 2u;
const PARTIAL_STRIDE = 64u;
const SUM_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i >= COUNT / 4u) {
    return;
  }
  let base = group.z * (PARTIAL_STRIDE / 4u) + i;
  var total = partial[base];
  for (var part = 1u; part < PARTS; part++) {
    total += partial[base + part * (COUNT / 4u)];
  }
  sum[group.z * (SUM_STRIDE / 4u) + i] = total;
}
