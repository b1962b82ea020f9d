// gather-rows/naive: x(B,LD) = the rows of the B samples of this step; labels(B) = their labels. For data kept as float32.
// One invocation copies 4 values of one sample; a workgroup 16 values of 16 samples.
@group(0) @binding(0) var<storage, read> rows: array<vec4f>;       // (samples, LD/4), padded with zeros
@group(0) @binding(1) var<storage, read> rowLabels: array<u32>;    // (samples / 4): bytes
@group(0) @binding(2) var<storage, read> order: array<u32>;        // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(3) var<storage, read> counters: array<u32>;     // (R, 4): step, ...
@group(0) @binding(4) var<storage, read_write> x: array<vec4f>;    // (R, B, LD/4)
@group(0) @binding(5) var<storage, read_write> labels: array<u32>; // (R, B)

const B = 8u;
const LD = 4u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const X_STRIDE = 64u;
const LABELS_STRIDE = 64u;

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let i = id.y;
  if (column >= LD / 4u || i >= B) {
    return;
  }
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * B;
  let sample = order[id.z * ORDER_STRIDE + min(first + i, ORDER - 1u)] & 0xfffffu;
  x[id.z * (X_STRIDE / 4u) + i * (LD / 4u) + column] = rows[sample * (LD / 4u) + column];
  if (column == 0u) {
    labels[id.z * LABELS_STRIDE + i] = (rowLabels[sample / 4u] >> ((sample % 4u) * 8u)) & 255u;
  }
}
