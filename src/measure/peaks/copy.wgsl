// copy: VECS neighbouring vec4 per invocation, or VECS vec4 that lie STRIDE apart, so that neighbours copy neighbours.
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4f>;

const VECS = 8u;
const STRIDE = 1u;
const FIRST = 8u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * FIRST;
  //#unroll
  for (var i = 0u; i < VECS; i++) {
    copied[first + i * STRIDE] = source[first + i * STRIDE];
  }
}
