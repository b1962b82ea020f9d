// average-pool-forward/naive: y(B,C) = the mean of all PIXELS pixels of x(B,PIXELS,C), channel by channel. C a multiple of 4.
// One invocation takes four channels of one image.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, B, PIXELS, C/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (R, B, C/4)

const B = 1u;
const C = 4u;
const PIXELS = 4u;
const INVOCATIONS = 16u; // of a workgroup
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

const C4 = C / 4u;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= B * C4) {
    return;
  }
  let first = id.z * (X_STRIDE / 4u) + id.x / C4 * PIXELS * C4 + id.x % C4;
  var sum = vec4f();
  for (var pixel = 0u; pixel < PIXELS; pixel++) {
    sum += x[first + pixel * C4];
  }
  y[id.z * (Y_STRIDE / 4u) + id.x] = sum / f32(PIXELS);
}
