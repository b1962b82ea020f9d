// batch-norm-gradient-parts/naive: the sums of batch norm's backward pass over each ROWS rows, dgamma = sum g·n and dbeta = sum g, where n is the
// normalised input and g = dy through the activation behind; part-sum adds them. N a multiple of 4, any M.
// One invocation takes four columns of one part; neighbours read what lies side by side. GELU: see batch-norm-apply/naive.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;            // (R, M, N/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(2) var<storage, read> affine: array<vec4f>;        // (R, 2, N/4): gamma, beta
@group(0) @binding(3) var<storage, read> saved: array<vec4f>;         // (R, 2, N/4): mean, invStd
@group(0) @binding(4) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, 2, N/4): dgamma, dbeta

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;        // ceil(M / PARTS)
const RELU_BEFORE = 0u; // 1: of max(x, 0)
const ACTIVATION = 1u;  // 0: none, 1: ReLU, 2: GELU
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const SAVED_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;

fn geluSlope(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.23164189 * abs(x));
  let polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let bell = exp(-0.5 * x * x);
  let tail = 0.5 * polynomial * bell;
  return select(1.0 - tail, tail, x < vec4f()) + x * bell * 0.39894228; // Phi(x) + x·phi(x)
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 16u + local;
  if (i >= PARTS * N4) {
    return;
  }
  let column = i % N4;
  let gamma = affine[group.z * (AFFINE_STRIDE / 4u) + column];
  let beta = affine[group.z * (AFFINE_STRIDE / 4u) + N4 + column];
  let mean = saved[group.z * (SAVED_STRIDE / 4u) + column];
  let invStd = saved[group.z * (SAVED_STRIDE / 4u) + N4 + column];
  let first = i / N4 * ROWS;
  let end = min(first + ROWS, M);
  var dgamma = vec4f();
  var dbeta = vec4f();
  for (var m = first; m < end; m++) {
    let value = x[group.z * (X_STRIDE / 4u) + m * N4 + column];
    let n = (select(value, max(value, vec4f()), RELU_BEFORE == 1u) - mean) * invStd;
    var g = dy[group.z * (DY_STRIDE / 4u) + m * N4 + column];
    if (ACTIVATION == 1u) {
      g = select(vec4f(), g, gamma * n + beta > vec4f());
    }
    if (ACTIVATION == 2u) {
      g *= geluSlope(gamma * n + beta);
    }
    dgamma += g * n;
    dbeta += g;
  }
  let to = group.z * (PARTIAL_STRIDE / 4u) + i / N4 * 2u * N4 + column;
  partial[to] = dgamma;
  partial[to + N4] = dbeta;
}
