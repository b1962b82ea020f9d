// batch-norm-dx/naive: dx of batch norm where dgamma and dbeta are known: gamma·invStd·(g - (dbeta + n·dgamma) / M), n the normalised input and
// g = dy through the activation behind. N a multiple of 4, any M.
// One invocation takes ROWS rows of four columns; neighbours read what lies side by side. GELU: see batch-norm-apply/naive.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // (R, M, N/4)
@group(0) @binding(2) var<storage, read> affine: array<vec4f>;   // (R, 2, N/4): gamma, beta
@group(0) @binding(3) var<storage, read> saved: array<vec4f>;    // (R, 2, N/4): mean, invStd
@group(0) @binding(4) var<storage, read> daffine: array<vec4f>;  // (R, 2, N/4): dgamma, dbeta
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>; // (R, M, N/4)

const M = 8u;
const N = 8u;
const ROWS = 4u;
const RELU_BEFORE = 0u; // 1: of max(x, 0)
const ACTIVATION = 1u;  // 0: none, 1: ReLU, 2: GELU
const INVOCATIONS = 16u; // of a workgroup
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const SAVED_STRIDE = 64u;
const DAFFINE_STRIDE = 64u;
const DX_STRIDE = 64u;

const N4 = N / 4u;

fn geluSlope(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.23164189 * abs(x));
  let polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let bell = exp(-0.5 * x * x);
  let tail = 0.5 * polynomial * bell;
  return select(1.0 - tail, tail, x < vec4f()) + x * bell * 0.39894228; // Phi(x) + x·phi(x)
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
  let mean = saved[group.z * (SAVED_STRIDE / 4u) + column];
  let invStd = saved[group.z * (SAVED_STRIDE / 4u) + N4 + column];
  let dgamma = daffine[group.z * (DAFFINE_STRIDE / 4u) + column] / f32(M);
  let dbeta = daffine[group.z * (DAFFINE_STRIDE / 4u) + N4 + column] / f32(M);
  let end = min(first + ROWS, M);
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
    let dz = gamma * invStd * (g - (dbeta + n * dgamma));
    let closed = vec4<bool>(RELU_BEFORE == 1u) & (value <= vec4f());
    dx[group.z * (DX_STRIDE / 4u) + m * N4 + column] = select(dz, vec4f(), closed);
  }
}
