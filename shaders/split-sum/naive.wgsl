// split-sum/naive: y(M,N) = sum over s of partial(s,M,N), in the order s = 0, 1, ..., + bias(N).
// The second half of a split-K matmul. One invocation sums one vec4; N a multiple of 4.
@group(0) @binding(0) var<storage, read> partial: array<vec4f>; // (R, SPLITS, M, N/4)
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;    // (R, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4)

const M = 8u;
const N = 8u;
const SPLITS = 2u;
const PARTIAL_STRIDE = 64u;
const BIAS_STRIDE = 64u;
const Y_STRIDE = 64u;

const N4 = N / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= M * N4) {
    return;
  }
  let base = id.z * (PARTIAL_STRIDE / 4u);
  var sum = partial[base + i];
  for (var s = 1u; s < SPLITS; s++) {
    sum += partial[base + s * M * N4 + i];
  }
  y[id.z * (Y_STRIDE / 4u) + i] = sum + bias[id.z * (BIAS_STRIDE / 4u) + i % N4];
}
