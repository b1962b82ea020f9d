// relu-forward/naive: y = max(x, 0), elementwise. COUNT a multiple of 4. One invocation, one vec4.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < COUNT / 4u) {
    y[id.z * (Y_STRIDE / 4u) + id.x] = max(x[id.z * (X_STRIDE / 4u) + id.x], vec4f());
  }
}
