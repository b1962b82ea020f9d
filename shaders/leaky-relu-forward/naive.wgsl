// leaky-relu-forward/naive: y = x where x > 0, SLOPE · x elsewhere (Maas et al. 2013). COUNT a multiple of 4. One invocation, one vec4.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const SLOPE = 0.01f;
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < COUNT / 4u) {
    let value = x[id.z * (X_STRIDE / 4u) + id.x];
    y[id.z * (Y_STRIDE / 4u) + id.x] = select(SLOPE * value, value, value > vec4f());
  }
}
