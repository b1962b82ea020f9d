// max-pool-forward/naive: the largest of the SIZE×SIZE pixels from (p STEP, q STEP) on, channel by channel, and which it was (row by row, the first of
// equals, as in PyTorch). NHWC, C a multiple of 4. One invocation takes four channels of one output pixel.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;                  // (R, B, H, W, C/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;            // (R, B, P, Q, C/4)
@group(0) @binding(2) var<storage, read_write> largest: array<vec4u>;       // (R, B, P, Q, C/4): row · SIZE + column in the window

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 2u;
const Q = 2u;
const SIZE = 2u;
const STEP = 2u;
const INVOCATIONS = 16u; // of a workgroup
const X_STRIDE = 64u;
const Y_STRIDE = 64u;
const LARGEST_STRIDE = 64u;

const C4 = C / 4u;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * INVOCATIONS + local;
  if (i >= B * P * Q * C4) {
    return;
  }
  let pixel = i / C4;
  let row = pixel / (P * Q) * H + pixel / Q % P * STEP;
  let first = group.z * (X_STRIDE / 4u) + (row * W + pixel % Q * STEP) * C4 + i % C4;
  var best = x[first];
  var place = vec4u();
  for (var r = 0u; r < SIZE; r++) {
    for (var s = 0u; s < SIZE; s++) {
      let value = x[first + (r * W + s) * C4];
      let better = value > best;
      best = select(best, value, better);
      place = select(place, vec4u(r * SIZE + s), better);
    }
  }
  y[group.z * (Y_STRIDE / 4u) + i] = best;
  largest[group.z * (LARGEST_STRIDE / 4u) + i] = place;
}
