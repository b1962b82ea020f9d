// max-pool-backward/naive: dx = the sum of dy of those windows whose largest pixel this is; 0 where no window reaches. NHWC, C a multiple of 4.
// One invocation takes four channels of one input pixel; windows may overlap (STEP < SIZE) and leave gaps.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, B, P, Q, C/4)
@group(0) @binding(1) var<storage, read> largest: array<vec4u>;  // (R, B, P, Q, C/4): row · SIZE + column in the window
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, B, H, W, C/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 2u;
const Q = 2u;
const SIZE = 2u;
const STEP = 2u;
const INVOCATIONS = 16u; // of a workgroup
const DY_STRIDE = 64u;
const LARGEST_STRIDE = 64u;
const DX_STRIDE = 64u;

const C4 = C / 4u;
const COVER = (SIZE + STEP - 1u) / STEP; // windows over a pixel along one side, at most

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * INVOCATIONS + local;
  if (i >= B * H * W * C4) {
    return;
  }
  let pixel = i / C4;
  let h = pixel / W % H;
  let v = pixel % W;
  var sum = vec4f();
  for (var t = 0u; t < COVER; t++) {
    let p = h / STEP - t; // in front of the first window it wraps to a large number
    let r = h % STEP + t * STEP;
    for (var u = 0u; u < COVER; u++) {
      let q = v / STEP - u;
      let s = v % STEP + u * STEP;
      if (p < P && q < Q && r < SIZE && s < SIZE) {
        let window = ((pixel / (H * W) * P + p) * Q + q) * C4 + i % C4;
        let mine = largest[group.z * (LARGEST_STRIDE / 4u) + window] == vec4u(r * SIZE + s);
        sum += select(vec4f(), dy[group.z * (DY_STRIDE / 4u) + window], mine);
      }
    }
  }
  dx[group.z * (DX_STRIDE / 4u) + i] = sum;
}
