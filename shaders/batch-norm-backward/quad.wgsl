// batch-norm-backward/quad: dx, dgamma, dbeta of batch-norm-forward, through its ReLU too (the formulas: naive.wgsl).
// One quad of invocations computes a strip of 4 columns: each takes every fourth row, and the two sums are exchanged by
// quad swaps (see batch-norm-forward/quad). N a multiple of 4, any M.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;            // (R, M, N/4)
@group(0) @binding(1) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(2) var<storage, read> affine: array<vec4f>;        // (R, 2, N/4): gamma, beta
@group(0) @binding(3) var<storage, read> saved: array<vec4f>;         // (R, 2, N/4): mean, invStd
@group(0) @binding(4) var<storage, read_write> daffine: array<vec4f>; // (R, 2, N/4): dgamma, dbeta
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;      // (R, M, N/4)

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

const N4 = N / 4u;

/// Sum of `value` over the quad, the same bits in every invocation.
fn quadSum(value: vec4f) -> vec4f {
  let pair = value + quadSwapX(value);
  return pair + quadSwapY(pair);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x;
  let dyBase = group.z * (DY_STRIDE / 4u) + column;
  let xBase = group.z * (X_STRIDE / 4u) + column;
  let gamma = affine[group.z * (AFFINE_STRIDE / 4u) + column];
  let beta = affine[group.z * (AFFINE_STRIDE / 4u) + N4 + column];
  let mean = saved[group.z * (SAVED_STRIDE / 4u) + column];
  let invStd = saved[group.z * (SAVED_STRIDE / 4u) + N4 + column];

  var dgammaPart = vec4f();
  var dbetaPart = vec4f();
  for (var m = lane; m < M; m += 4u) {
    let value = x[xBase + m * N4];
    let n = (select(value, max(value, vec4f()), RELU_BEFORE == 1u) - mean) * invStd;
    let open = gamma * n + beta > vec4f();
    let g = select(vec4f(), dy[dyBase + m * N4], open | vec4<bool>(RELU_AFTER == 0u));
    dgammaPart += g * n;
    dbetaPart += g;
  }
  let dgamma = quadSum(dgammaPart);
  let dbeta = quadSum(dbetaPart);

  for (var m = lane; m < M; m += 4u) {
    let value = x[xBase + m * N4];
    let n = (select(value, max(value, vec4f()), RELU_BEFORE == 1u) - mean) * invStd;
    let open = gamma * n + beta > vec4f();
    let g = select(vec4f(), dy[dyBase + m * N4], open | vec4<bool>(RELU_AFTER == 0u));
    let dz = gamma * invStd * (g - (dbeta + n * dgamma) / f32(M));
    let closed = vec4<bool>(RELU_BEFORE == 1u) & (value <= vec4f());
    dx[group.z * (DX_STRIDE / 4u) + m * N4 + column] = select(dz, vec4f(), closed);
  }
  if (lane == 0u) {
    daffine[group.z * (DAFFINE_STRIDE / 4u) + column] = dgamma;
    daffine[group.z * (DAFFINE_STRIDE / 4u) + N4 + column] = dbeta;
  }
}
