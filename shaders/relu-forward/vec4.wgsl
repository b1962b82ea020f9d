// relu-forward/vec4: y = max(x, 0), elementwise; COUNT a multiple of 4. One invocation, four elements; any number of workgroups, where naive.wgsl
// ends at 65,535 in one dimension.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const GRID_X = 1u; // workgroups in x; more go on in y
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.y * GRID_X + group.x) * 64u + local;
  if (i < COUNT / 4u) {
    y[group.z * (Y_STRIDE / 4u) + i] = max(x[group.z * (X_STRIDE / 4u) + i], vec4f());
  }
}
