// fma: as many multiply-adds as the inner loop of a matrix product can do without its loads. Each of ROWS x COLS
// accumulators takes four multiply-adds per store, with factors that change in each iteration, so that nothing can be computed
// once and kept.
@group(0) @binding(0) var<storage, read> start: array<vec4f>;       // (ROWS + 4 COLS)
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>; // (invocations)

const ROWS = 8u;
const COLS = 2u;
const FACTORS = 8u;       // 4 COLS
const ACCUMULATORS = 16u; // ROWS COLS
const ITERATIONS = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var acc: array<vec4f, ACCUMULATORS>;
  var a: array<vec4f, ROWS>;
  var b: array<vec4f, FACTORS>;
  //#unroll
  for (var r = 0u; r < ROWS; r++) {
    a[r] = start[r] + vec4f(f32(id.x & 63u));
  }
  //#unroll
  for (var c = 0u; c < FACTORS; c++) {
    b[c] = start[ROWS + c];
  }
  for (var i = 0u; i < ITERATIONS; i++) {
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      a[r] = a[r] * 0.5 + b[0];
    }
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      let b0 = b[4u * c];
      let b1 = b[4u * c + 1u];
      let b2 = b[4u * c + 2u];
      let b3 = b[4u * c + 3u];
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        acc[r * COLS + c] += b0 * a[r].x + b1 * a[r].y + b2 * a[r].z + b3 * a[r].w;
      }
    }
  }
  var total = vec4f();
  //#unroll
  for (var r = 0u; r < ACCUMULATORS; r++) {
    total += acc[r];
  }
  result[id.x] = total;
}
