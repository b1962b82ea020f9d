// lookahead/vec4: where the table has a keep for this step (others are below 0), slow += (1 - keep)·(fast - slow), and fast = slow
// (Zhang et al. 2019, https://arxiv.org/abs/1907.08610, slow weights that move by 1 - keep). One invocation, one vec4.
@group(0) @binding(0) var<storage, read> keeps: array<f32>;             // (steps)
@group(0) @binding(1) var<storage, read> counters: array<u32>;          // (R, 4): step, ...
@group(0) @binding(2) var<storage, read_write> slow: array<vec4f>;      // (R, COUNT/4)
@group(0) @binding(3) var<storage, read_write> fast: array<vec4f>;      // (R, COUNT/4)

const COUNT = 64u;
const COUNTERS_STRIDE = 64u;
const SLOW_STRIDE = 64u;
const FAST_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let keep = keeps[counters[id.z * COUNTERS_STRIDE]];
  if (id.x >= COUNT / 4u || keep < 0.0) {
    return;
  }
  let s = id.z * (SLOW_STRIDE / 4u) + id.x;
  let f = id.z * (FAST_STRIDE / 4u) + id.x;
  // In this form what both agree on stays, to the bit.
  let moved = slow[s] + (1.0 - keep) * (fast[f] - slow[s]);
  slow[s] = moved;
  fast[f] = moved;
}
