// step-end/naive: sums the rows' losses and hits into the history, notes the first step whose loss is not finite, counts the step.
// The last dispatch of a step, one workgroup per replica: nothing else reads this replica's counters meanwhile.
// Losses are bound as bits: WGSL lets a compiler assume that floats are finite, so only the exponent bits tell.
@group(0) @binding(0) var<storage, read> rowLoss: array<u32>;         // (R, M): bits of f32
@group(0) @binding(1) var<storage, read> rowHit: array<u32>;          // (R, M)
@group(0) @binding(2) var<storage, read_write> history: array<vec2f>; // (R, HISTORY): sum of losses, number of hits
@group(0) @binding(3) var<storage, read_write> counters: array<u32>;  // (R, 4): step, 1 + first step that is not finite (0: none)

const M = 8u;
const HISTORY = 8u; // steps kept, the newest overwriting the oldest
const ROW_LOSS_STRIDE = 64u;
const ROW_HIT_STRIDE = 64u;
const HISTORY_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;

const LANES = 16u;
var<workgroup> losses: array<f32, LANES>;
var<workgroup> hits: array<u32, LANES>;
var<workgroup> broken: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var loss = 0.0;
  var hit = 0u;
  var notFinite = 0u;
  for (var row = lane; row < M; row += LANES) {
    let bits = rowLoss[group.z * ROW_LOSS_STRIDE + row];
    notFinite |= select(0u, 1u, (bits & 0x7f800000u) == 0x7f800000u);
    loss += bitcast<f32>(bits);
    hit += rowHit[group.z * ROW_HIT_STRIDE + row];
  }
  losses[lane] = loss;
  hits[lane] = hit;
  broken[lane] = notFinite;
  workgroupBarrier();
  if (lane == 0u) {
    for (var i = 1u; i < LANES; i++) {
      loss += losses[i];
      hit += hits[i];
      notFinite |= broken[i];
    }
    let i = group.z * COUNTERS_STRIDE;
    let step = counters[i];
    history[group.z * (HISTORY_STRIDE / 2u) + step % HISTORY] = vec2f(loss, f32(hit));
    if (notFinite == 1u && counters[i + 1u] == 0u) {
      counters[i + 1u] = step + 1u;
    }
    counters[i] = step + 1u;
  }
}
