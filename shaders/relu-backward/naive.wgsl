// relu-backward/naive: dx = dy where x > 0, else 0; elementwise. COUNT a multiple of 4. One invocation, one vec4.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // (R, COUNT/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < COUNT / 4u) {
    let open = x[id.z * (X_STRIDE / 4u) + id.x] > vec4f();
    dx[id.z * (DX_STRIDE / 4u) + id.x] = select(vec4f(), dy[id.z * (DY_STRIDE / 4u) + id.x], open);
  }
}
