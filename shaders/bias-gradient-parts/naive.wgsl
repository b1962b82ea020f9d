// bias-gradient-parts/naive: column sums of dy(M,N) over each ROWS rows; part-sum adds them. N a multiple of 4, any M.
// One invocation sums four columns of one part, so that neighbours read what lies side by side.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;            // (R, M, N/4)
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, N/4)

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;   // ceil(M / PARTS)
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 16u + local;
  if (i >= PARTS * N4) {
    return;
  }
  let first = i / N4 * ROWS;
  let end = min(first + ROWS, M);
  let base = group.z * (DY_STRIDE / 4u) + i % N4;
  var sum = vec4f();
  for (var m = first; m < end; m++) {
    sum += dy[base + m * N4];
  }
  partial[group.z * (PARTIAL_STRIDE / 4u) + i] = sum;
}
