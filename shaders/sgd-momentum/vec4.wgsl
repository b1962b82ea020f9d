// sgd-momentum/vec4: SGD with momentum, PyTorch's (Sutskever et al. 2013, http://proceedings.mlr.press/v28/sutskever13.html):
//   g = grads + 2·lambda·params (weight matrices only), with DECAYS + weightDecay·params (all)
//   velocity = momentum·velocity + g    params -= rate · velocity, with NESTEROV rate · (g + momentum·velocity)
// All parameters of a replica lie in one flat array, weight matrices first, so one dispatch updates the whole net.
// One invocation updates VECS vec4 that are WIDTH apart.
@group(0) @binding(0) var<storage, read> grads: array<vec4f, GRADS_VECS>;         // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> perStep: array<vec4f>;                   // (steps): learning rate, ...
@group(0) @binding(2) var<storage, read> perReplica: array<vec2f>;                // (REPLICAS): lambda, factor on the rate
@group(0) @binding(3) var<storage, read> counters: array<u32>;                    // (R, 4): step, ...
@group(0) @binding(4) var<storage, read_write> velocity: array<vec4f, VELOCITY_VECS>; // (R, COUNT/4)
@group(0) @binding(5) var<storage, read_write> params: array<vec4f, PARAMS_VECS>; // (R, COUNT/4)

const COUNT = 64u;
const DECAYED = 32u; // the first DECAYED elements are weight matrices; a multiple of 4
const REPLICAS = 1u;
const MOMENTUM = 0.9f;
//#if DECAYS
const WEIGHT_DECAY = 0f;
//#endif
//#if SKIPS
const SKIP = 0u; // parameters at the start that are left alone; a multiple of 4
//#endif
const VECS = 1u;
const WIDTH = 16u;
const GRADS_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const VELOCITY_STRIDE = 64u;
const PARAMS_STRIDE = 64u;

// Vectors of all replicas: an array of known size is checked against a constant, not against a length that must be loaded.
const GRADS_VECS = ((REPLICAS - 1u) * GRADS_STRIDE + COUNT) / 4u;
const VELOCITY_VECS = ((REPLICAS - 1u) * VELOCITY_STRIDE + COUNT) / 4u;
const PARAMS_VECS = ((REPLICAS - 1u) * PARAMS_STRIDE + COUNT) / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = perReplica[id.z];
  let rate = perStep[counters[id.z * COUNTERS_STRIDE]].x * replica.y;
  let lambda = replica.x;
  for (var v = 0u; v < VECS; v++) {
    let i = v * WIDTH + id.x;
    if (id.x < WIDTH && i < COUNT / 4u) {
      //#if SKIPS
      if (i < SKIP / 4u) {
        continue;
      }
      //#endif
      let p = params[id.z * (PARAMS_STRIDE / 4u) + i];
      var decay = select(0.0, 2.0 * lambda, i < DECAYED / 4u);
      //#if DECAYS
      decay += WEIGHT_DECAY;
      //#endif
      let g = grads[id.z * (GRADS_STRIDE / 4u) + i] + decay * p;
      let v = MOMENTUM * velocity[id.z * (VELOCITY_STRIDE / 4u) + i] + g;
      velocity[id.z * (VELOCITY_STRIDE / 4u) + i] = v;
      //#if NESTEROV
      params[id.z * (PARAMS_STRIDE / 4u) + i] = p - rate * (g + MOMENTUM * v);
      //#else
      params[id.z * (PARAMS_STRIDE / 4u) + i] = p - rate * v;
      //#endif
    }
  }
}
