// gelu-forward/naive: y = x·Phi(x), Phi the normal distribution's (Hendrycks & Gimpel 2016; PyTorch's default, not the tanh form). COUNT a multiple of 4.
// One invocation, four elements. Phi by the error function of Abramowitz & Stegun 7.1.26, |error| <= 1.5e-7; Phi(-|x|) = t·poly(t)·exp(-x²/2) / 2
// directly, so that nothing cancels where x is far below 0.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, COUNT/4)
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (R, COUNT/4)

const COUNT = 64u;
const X_STRIDE = 64u;
const Y_STRIDE = 64u;

fn gelu(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.23164189 * abs(x)); // 0.3275911 / sqrt(2)
  let polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * polynomial * exp(-0.5 * x * x); // Phi(-|x|)
  return x * select(1.0 - tail, tail, x < vec4f());
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 64u + local;
  if (i < COUNT / 4u) {
    y[group.z * (Y_STRIDE / 4u) + i] = gelu(x[group.z * (X_STRIDE / 4u) + i]);
  }
}
