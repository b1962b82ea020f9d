// batch-norm-backward/naive: dx, dgamma, dbeta of batch-norm-forward, through its ReLU too; any M, N.
// With z = what was normalised, n = (z - mean)·invStd and g = dy masked by the ReLU behind:
//   dbeta = Σ g    dgamma = Σ g·n    dz = gamma·invStd/M · (M·g - dbeta - n·dgamma)    dx = dz masked by the ReLU before.
// One invocation computes one column. The normalised value is computed again, not stored.
@group(0) @binding(0) var<storage, read> dy: array<f32>;            // (R, M, N)
@group(0) @binding(1) var<storage, read> x: array<f32>;             // (R, M, N)
@group(0) @binding(2) var<storage, read> affine: array<f32>;        // (R, 2, N): gamma, beta
@group(0) @binding(3) var<storage, read> saved: array<f32>;         // (R, 2, N): mean, invStd
@group(0) @binding(4) var<storage, read_write> daffine: array<f32>; // (R, 2, N): dgamma, dbeta
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;      // (R, M, N)

const M = 8u;
const N = 8u;
const RELU_BEFORE = 0u;
const RELU_AFTER = 1u;
const DY_STRIDE = 64u;
const X_STRIDE = 64u;
const AFFINE_STRIDE = 64u;
const SAVED_STRIDE = 64u;
const DAFFINE_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= N) {
    return;
  }
  let gamma = affine[id.z * AFFINE_STRIDE + column];
  let beta = affine[id.z * AFFINE_STRIDE + N + column];
  let mean = saved[id.z * SAVED_STRIDE + column];
  let invStd = saved[id.z * SAVED_STRIDE + N + column];
  var dgamma = 0.0;
  var dbeta = 0.0;
  for (var m = 0u; m < M; m++) {
    let value = x[id.z * X_STRIDE + m * N + column];
    let n = (select(value, max(value, 0.0), RELU_BEFORE == 1u) - mean) * invStd;
    let open = RELU_AFTER == 0u || gamma * n + beta > 0.0;
    let g = select(0.0, dy[id.z * DY_STRIDE + m * N + column], open);
    dgamma += g * n;
    dbeta += g;
  }
  for (var m = 0u; m < M; m++) {
    let value = x[id.z * X_STRIDE + m * N + column];
    let n = (select(value, max(value, 0.0), RELU_BEFORE == 1u) - mean) * invStd;
    let open = RELU_AFTER == 0u || gamma * n + beta > 0.0;
    let g = select(0.0, dy[id.z * DY_STRIDE + m * N + column], open);
    let dz = gamma * invStd * (g - (dbeta + n * dgamma) / f32(M));
    dx[id.z * DX_STRIDE + m * N + column] = select(dz, 0.0, RELU_BEFORE == 1u && value <= 0.0);
  }
  daffine[id.z * DAFFINE_STRIDE + column] = dgamma;
  daffine[id.z * DAFFINE_STRIDE + N + column] = dbeta;
}
