// gelu-backward/naive: dx = dy·(Phi(x) + x·phi(x)). COUNT a multiple of 4. One invocation, four elements; Phi as in gelu-forward/naive.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // (R, COUNT/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const DX_STRIDE = 64u;

fn geluSlope(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.23164189 * abs(x));
  let polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let bell = exp(-0.5 * x * x);
  let tail = 0.5 * polynomial * bell;
  return select(1.0 - tail, tail, x < vec4f()) + x * bell * 0.39894228; // 1 / sqrt(2 pi)
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i < COUNT / 4u) {
    dx[group.z * (DX_STRIDE / 4u) + i] = dy[group.z * (DY_STRIDE / 4u) + i] * geluSlope(x[group.z * (X_STRIDE / 4u) + i]);
  }
}
