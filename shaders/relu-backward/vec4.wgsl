// relu-backward/vec4: dx = dy where x > 0, else 0; elementwise; COUNT a multiple of 4. One invocation, four elements; any number of workgroups.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // (R, COUNT/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const GRID_X = 1u; // workgroups in x; more go on in y
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.y * GRID_X + group.x) * 64u + local;
  if (i < COUNT / 4u) {
    let open = x[group.z * (X_STRIDE / 4u) + i] > vec4f();
    dx[group.z * (DX_STRIDE / 4u) + i] = select(vec4f(), dy[group.z * (DY_STRIDE / 4u) + i], open);
  }
}
