// relu-forward/naive: y = max(x, 0), elementwise. One invocation, one element.
@group(0) @binding(0) var<storage, read> x: array<f32>;       // (R, COUNT)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (R, COUNT)

const COUNT = 64u;
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < COUNT) {
    y[id.z * Y_STRIDE + id.x] = max(x[id.z * X_STRIDE + id.x], 0.0);
  }
}
