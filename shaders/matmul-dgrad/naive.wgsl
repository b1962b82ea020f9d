// matmul-dgrad/naive: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32, any M, N, K.
// One invocation computes one element of dx.
@group(0) @binding(0) var<storage, read> dy: array<f32>;       // (R, M, N)
@group(0) @binding(1) var<storage, read> w: array<f32>;        // (R, K, N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (R, M, K)

const M = 8u;
const N = 8u;
const K = 8u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (column >= K || row >= M) {
    return;
  }
  var sum = 0.0;
  for (var n = 0u; n < N; n++) {
    sum += dy[id.z * DY_STRIDE + row * N + n] * w[id.z * W_STRIDE + column * N + n];
  }
  dx[id.z * DX_STRIDE + row * K + column] = sum;
}
