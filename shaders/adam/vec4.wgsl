// adam/vec4: Adam (Kingma & Ba 2015, algorithm 1) with the L2 term of weight matrices added to the gradient:
//   g = grads + 2·lambda·params    mu = b1·mu + (1-b1)·g    nu = b2·nu + (1-b2)·g²
//   params -= rate · (mu/biasCorrection1) / (sqrt(nu/biasCorrection2) + eps)
// With DECAYS it is AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101): params shrink by rate·weightDecay first.
// All parameters of a replica lie in one flat array, weight matrices first, so one dispatch updates the whole net.
// One invocation updates VECS vec4 that are WIDTH apart. Rate and bias corrections come from a table by step.
@group(0) @binding(0) var<storage, read> grads: array<vec4f, GRADS_VECS>;         // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> perStep: array<vec4f>;                   // (steps): learning rate, biasCorrection1, biasCorrection2
@group(0) @binding(2) var<storage, read> perReplica: array<vec2f>;                // (REPLICAS): lambda, factor on the rate
@group(0) @binding(3) var<storage, read> counters: array<u32>;                    // (R, 4): step, ...
@group(0) @binding(4) var<storage, read_write> mu: array<vec4f, MU_VECS>;         // (R, COUNT/4)
@group(0) @binding(5) var<storage, read_write> nu: array<vec4f, NU_VECS>;         // (R, COUNT/4)
@group(0) @binding(6) var<storage, read_write> params: array<vec4f, PARAMS_VECS>; // (R, COUNT/4)

const COUNT = 64u;
const DECAYED = 32u; // the first DECAYED elements are weight matrices; a multiple of 4
const REPLICAS = 1u;
//#if SKIPS
const SKIP = 0u; // parameters at the start that are left alone; a multiple of 4
//#endif
const VECS = 1u;
const WIDTH = 16u;
const B1 = 0.9f;
const B2 = 0.999f;
const ONE_MINUS_B1 = 0.1f;
const ONE_MINUS_B2 = 0.001f;
const EPS = 1e-8f;
//#if DECAYS
const WEIGHT_DECAY = 0f;
//#endif
const GRADS_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const MU_STRIDE = 64u;
const NU_STRIDE = 64u;
const PARAMS_STRIDE = 64u;

// Vectors of all replicas: an array of known size is checked against a constant, not against a length that must be loaded.
const GRADS_VECS = ((REPLICAS - 1u) * GRADS_STRIDE + COUNT) / 4u;
const MU_VECS = ((REPLICAS - 1u) * MU_STRIDE + COUNT) / 4u;
const NU_VECS = ((REPLICAS - 1u) * NU_STRIDE + COUNT) / 4u;
const PARAMS_VECS = ((REPLICAS - 1u) * PARAMS_STRIDE + COUNT) / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let step = counters[id.z * COUNTERS_STRIDE];
  let replica = perReplica[id.z];
  let rate = perStep[step].x * replica.y;
  let lambda = replica.x;
  let correction = perStep[step].yz;
  for (var v = 0u; v < VECS; v++) {
    let i = v * WIDTH + id.x;
    if (id.x < WIDTH && i < COUNT / 4u) {
      //#if SKIPS
      if (i < SKIP / 4u) {
        continue;
      }
      //#endif
      let p = params[id.z * (PARAMS_STRIDE / 4u) + i];
      let decay = select(0.0, 2.0 * lambda, i < DECAYED / 4u);
      let g = grads[id.z * (GRADS_STRIDE / 4u) + i] + decay * p;
      let m = B1 * mu[id.z * (MU_STRIDE / 4u) + i] + ONE_MINUS_B1 * g;
      let n = B2 * nu[id.z * (NU_STRIDE / 4u) + i] + ONE_MINUS_B2 * g * g;
      mu[id.z * (MU_STRIDE / 4u) + i] = m;
      nu[id.z * (NU_STRIDE / 4u) + i] = n;
      let denominator = sqrt(n / correction.y) + EPS;
      //#if DECAYS
      params[id.z * (PARAMS_STRIDE / 4u) + i] = (1.0 - rate * WEIGHT_DECAY) * p - rate * ((m / correction.x) / denominator);
      //#else
      params[id.z * (PARAMS_STRIDE / 4u) + i] = p - rate * ((m / correction.x) / denominator);
      //#endif
    }
  }
}
