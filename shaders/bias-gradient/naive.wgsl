// bias-gradient/naive: db(N) = column sums of dy(M,N), rows in order; any M, N. One invocation sums one column.
@group(0) @binding(0) var<storage, read> dy: array<f32>;       // (R, M, N)
@group(0) @binding(1) var<storage, read_write> db: array<f32>; // (R, N)

const M = 8u;
const N = 8u;
const DY_STRIDE = 64u;
const DB_STRIDE = 64u;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= N) {
    return;
  }
  var sum = 0.0;
  for (var m = 0u; m < M; m++) {
    sum += dy[id.z * DY_STRIDE + m * N + id.x];
  }
  db[id.z * DB_STRIDE + id.x] = sum;
}
