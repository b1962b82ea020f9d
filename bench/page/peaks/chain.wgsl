// chain: independent chains of multiply-adds, two per store; what adapters with real registers and fused
// multiply-adds like best.
@group(0) @binding(0) var<storage, read> start: array<vec4f>;       // (CHAINS + 4)
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>; // (invocations)

const CHAINS = 8u;
const ITERATIONS = 256u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var acc: array<vec4f, CHAINS>;
  let a = start[CHAINS] + vec4f(f32(id.x & 63u)) * 0.001;
  let b = start[CHAINS + 1u];
  //#unroll
  for (var c = 0u; c < CHAINS; c++) {
    acc[c] = start[c];
  }
  for (var i = 0u; i < ITERATIONS; i++) {
    //#unroll
    for (var c = 0u; c < CHAINS; c++) {
      acc[c] = (acc[c] * a + b) * a + b;
    }
  }
  var total = vec4f();
  //#unroll
  for (var c = 0u; c < CHAINS; c++) {
    total += acc[c];
  }
  result[id.x] = total;
}
