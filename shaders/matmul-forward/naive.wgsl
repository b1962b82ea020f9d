// matmul-forward/naive: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32, any M, N, K.
// One invocation computes one element of y. The yardstick that the other variants are measured against.
// Without BIAS (matmul-forward-split) each layer of ROW_TILES workgroups stores the sum of its own SPLIT_K of the K terms.
@group(0) @binding(0) var<storage, read> x: array<f32>;       // (R, M, K)
@group(0) @binding(1) var<storage, read> w: array<f32>;       // (R, K, N)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (R, M, N), or (R, SPLITS, M, N) without BIAS
//#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<f32>;    // (R, N)
//#endif

const M = 8u;
const N = 8u;
const K = 8u;
const ROW_TILES = 1u;
const SPLIT_K = 8u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 8u;
const Y_STRIDE = 64u;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let column = group.x * 8u + local.x;
  let row = (group.y % ROW_TILES) * 8u + local.y;
  let split = group.y / ROW_TILES;
  if (column >= N || row >= M) {
    return;
  }
  var sum = 0.0;
  let end = min((split + 1u) * SPLIT_K, K);
  for (var k = split * SPLIT_K; k < end; k++) {
    sum += x[group.z * X_STRIDE + row * K + k] * w[group.z * W_STRIDE + k * N + column];
  }
  //#if BIAS
  sum += bias[group.z * BIAS_STRIDE + column];
  //#endif
  y[group.z * Y_STRIDE + (split * M + row) * N + column] = sum;
}
