// chain: CHAINS independent chains of multiply-adds, DEPTH per store. Adapters with real registers and fused multiply-adds like
// many chains; SwiftShader, which keeps variables in memory between statements, few chains and a large depth: 5 GFLOP/s
// with 8 chains of 2, 17 with 2 chains of 16 on the same two busy cores (2026-11).
@group(0) @binding(0) var<storage, read> start: array<vec4f>;       // (CHAINS + 2)
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>; // (invocations)

const CHAINS = 8u;
const DEPTH = 2u;
const ITERATIONS = 256u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var acc: array<vec4f, CHAINS>;
  // One register each where a vec4 takes four: accumulators want them. With start = 0.25 everywhere, a = 1 and b = 2^-10:
  // every multiply-add that is left out shows in the result, and every sum is exact.
  let a = 4.0 * start[CHAINS].x;
  let b = start[CHAINS + 1u].x * 0.00390625;
  //#unroll
  for (var c = 0u; c < CHAINS; c++) {
    acc[c] = start[c] + vec4f(f32(id.x & 63u));
  }
  for (var i = 0u; i < ITERATIONS; i++) {
    //#unroll
    for (var c = 0u; c < CHAINS; c++) {
      var x = acc[c];
      //#unroll
      for (var d = 0u; d < DEPTH; d++) {
        x = x * a + b;
      }
      acc[c] = x;
    }
  }
  var total = vec4f();
  //#unroll
  for (var c = 0u; c < CHAINS; c++) {
    total += acc[c];
  }
  result[id.x] = total;
}
