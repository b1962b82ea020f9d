// matmul-wgrad/naive: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32, any M, N, K.
// One invocation computes one element of dw.
@group(0) @binding(0) var<storage, read> x: array<f32>;        // (R, M, K)
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // (R, M, N)
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // (R, K, N)

const M = 8u;
const N = 8u;
const K = 8u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (column >= N || row >= K) {
    return;
  }
  var sum = 0.0;
  for (var m = 0u; m < M; m++) {
    sum += x[id.z * X_STRIDE + m * K + row] * dy[id.z * DY_STRIDE + m * N + column];
  }
  dw[id.z * DW_STRIDE + row * N + column] = sum;
}
