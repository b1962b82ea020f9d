// relu-backward/naive: dx = dy where x > 0, else 0; elementwise. One invocation, one element.
@group(0) @binding(0) var<storage, read> dy: array<f32>;       // (R, COUNT)
@group(0) @binding(1) var<storage, read> x: array<f32>;        // (R, COUNT)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (R, COUNT)

const COUNT = 64u;
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < COUNT) {
    let open = x[id.z * X_STRIDE + id.x] > 0.0;
    dx[id.z * DX_STRIDE + id.x] = select(0.0, dy[id.z * DY_STRIDE + id.x], open);
  }
}
