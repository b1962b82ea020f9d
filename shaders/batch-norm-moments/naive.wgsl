// batch-norm-moments/naive: mean and sum of squared deviations of the columns of x(M,N) over each ROWS rows; batch-norm-merge makes one of
// all parts. N a multiple of 4, any M. One invocation takes four columns of one part, in two passes, the second one from the cache; neighbours
// read what lies side by side.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, M, N/4)
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, 2, N/4): mean, squared deviations

const M = 8u;
const N = 8u;
const PARTS = 2u;
const ROWS = 4u;        // ceil(M / PARTS)
const RELU_BEFORE = 0u; // 1: of max(x, 0)
const X_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const N4 = N / 4u;
const BLOCK = 16u; // rows

fn input(i: u32) -> vec4f {
  let value = x[i];
  return select(value, max(value, vec4f()), RELU_BEFORE == 1u);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = group.x * 16u + local;
  if (i >= PARTS * N4) {
    return;
  }
  let first = min(i / N4 * ROWS, M);
  let end = min(first + ROWS, M);
  let base = group.z * (X_STRIDE / 4u) + i % N4;
  // Summed from the first row on and block by block: rows that hardly differ, or are mostly 0, would round a long sum the same way each time.
  let origin = select(vec4f(), input(base + min(first, M - 1u) * N4), first < end);
  var sum = vec4f();
  for (var block = first; block < end; block += BLOCK) {
    var part = vec4f();
    let last = min(block + BLOCK, end);
    for (var m = block; m < last; m++) {
      part += input(base + m * N4) - origin;
    }
    sum += part;
  }
  let mean = origin + sum / f32(max(end - first, 1u));
  var squares = vec4f();
  for (var block = first; block < end; block += BLOCK) {
    var part = vec4f();
    let last = min(block + BLOCK, end);
    for (var m = block; m < last; m++) {
      let d = input(base + m * N4) - mean;
      part += d * d;
    }
    squares += part;
  }
  let to = group.z * (PARTIAL_STRIDE / 4u) + i / N4 * 2u * N4 + i % N4;
  partial[to] = mean;
  partial[to + N4] = squares;
}
