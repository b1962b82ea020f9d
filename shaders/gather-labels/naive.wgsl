// gather-labels/naive: labels(B) = the labels of this step's samples. Goes with gather-matmul, which fetches the images itself.
// One invocation, one sample.
@group(0) @binding(0) var<storage, read> imageLabels: array<u32>;  // (images / 4): bytes
@group(0) @binding(1) var<storage, read> order: array<u32>;        // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(2) var<storage, read> counters: array<u32>;     // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> labels: array<u32>; // (R, B)

const B = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const LABELS_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= B) {
    return;
  }
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * B;
  let image = order[id.z * ORDER_STRIDE + min(first + id.x, ORDER - 1u)] & 0xfffffu;
  labels[id.z * LABELS_STRIDE + id.x] = (imageLabels[image / 4u] >> ((image % 4u) * 8u)) & 255u;
}
