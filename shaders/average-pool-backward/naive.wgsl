// average-pool-backward/naive: dx(B,PIXELS,C) = dy(B,C) / PIXELS for every pixel. C a multiple of 4. One invocation writes four channels of one pixel.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, B, C/4)
@group(0) @binding(1) var<storage, read_write> dx: array<vec4f>; // (R, B, PIXELS, C/4)

const B = 1u;
const C = 4u;
const PIXELS = 4u;
const INVOCATIONS = 16u; // of a workgroup
const DY_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * INVOCATIONS + local;
  if (i < B * PIXELS * C4) {
    dx[group.z * (DX_STRIDE / 4u) + i] = dy[group.z * (DY_STRIDE / 4u) + i / (PIXELS * C4) * C4 + i % C4] / f32(PIXELS);
  }
}
