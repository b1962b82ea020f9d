// batch-norm-apply/naive: y = activation(gamma·(x - mean)·invStd + beta) with statistics that are known: those of the batch (batch-norm-merge) or the
// running ones. N a multiple of 4, any M. One invocation takes ROWS rows of four columns; neighbours read what lies side by side.
// GELU is x·Phi(x); Phi by the error function of Abramowitz & Stegun 7.1.26, |error| <= 1.5e-7.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;          // (R, M, N/4)
@group(0) @binding(1) var<storage, read> affine: array<vec4f>;     // (R, 2, N/4): gamma, beta
@group(0) @binding(2) var<storage, read> statistics: array<vec4f>; // (R, 2, N/4): mean, and invStd or variance
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // (R, M, N/4)

const M = 8u;
const N = 8u;
const ROWS = 4u;
const RELU_BEFORE = 0u;   // 1: of max(x, 0)
const ACTIVATION = 1u;    // 0: none, 1: ReLU, 2: GELU
const FROM_VARIANCE = 0u; // 1: the statistics have the variance
const EPS = 1e-5f;
const INVOCATIONS = 16u; // of a workgroup
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const STATISTICS_STRIDE = 64u;
const Y_STRIDE = 64u;

const N4 = N / 4u;

fn gelu(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.23164189 * abs(x)); // 0.3275911 / sqrt(2)
  let polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * polynomial * exp(-0.5 * x * x); // Phi(-|x|)
  return x * select(1.0 - tail, tail, x < vec4f());
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * INVOCATIONS + local;
  let column = i % N4;
  let first = i / N4 * ROWS;
  if (first >= M) {
    return;
  }
  let gamma = affine[group.z * (AFFINE_STRIDE / 4u) + column];
  let beta = affine[group.z * (AFFINE_STRIDE / 4u) + N4 + column];
  let mean = statistics[group.z * (STATISTICS_STRIDE / 4u) + column];
  let second = statistics[group.z * (STATISTICS_STRIDE / 4u) + N4 + column];
  let invStd = select(second, 1.0 / sqrt(second + EPS), FROM_VARIANCE == 1u);
  let end = min(first + ROWS, M);
  for (var m = first; m < end; m++) {
    let value = x[group.z * (X_STRIDE / 4u) + m * N4 + column];
    let input = select(value, max(value, vec4f()), RELU_BEFORE == 1u);
    var z = gamma * ((input - mean) * invStd) + beta;
    if (ACTIVATION == 1u) {
      z = max(z, vec4f());
    }
    if (ACTIVATION == 2u) {
      z = gelu(z);
    }
    y[group.z * (Y_STRIDE / 4u) + m * N4 + column] = z;
  }
}
