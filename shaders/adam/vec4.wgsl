// adam/vec4: Adam (Kingma & Ba 2015, algorithm 1) with the L2 term of weight matrices added to the gradient:
//   g = grads + 2·lambda·params    mu = b1·mu + (1-b1)·g    nu = b2·nu + (1-b2)·g²
//   params -= rate · (mu/biasCorrection1) / (sqrt(nu/biasCorrection2) + eps)
// All parameters of a replica lie in one flat array, weight matrices first, so one dispatch updates the whole net.
// One invocation updates VECS vec4 that are WIDTH apart. The bias corrections come from a table, one pair per step.
@group(0) @binding(0) var<storage, read> grads: array<vec4f, GRADS_VECS>;         // (R, COUNT/4)
@group(0) @binding(1) var<storage, read> rates: array<f32>;                       // (steps, REPLICAS): learning rates
@group(0) @binding(2) var<storage, read> lambdas: array<f32>;                     // (REPLICAS)
@group(0) @binding(3) var<storage, read> corrections: array<vec2f>;               // (steps): biasCorrection1, biasCorrection2
@group(0) @binding(4) var<storage, read> counters: array<u32>;                    // (R, 4): step, ...
@group(0) @binding(5) var<storage, read_write> mu: array<vec4f, MU_VECS>;         // (R, COUNT/4)
@group(0) @binding(6) var<storage, read_write> nu: array<vec4f, NU_VECS>;         // (R, COUNT/4)
@group(0) @binding(7) var<storage, read_write> params: array<vec4f, PARAMS_VECS>; // (R, COUNT/4)

const COUNT = 64u;
const DECAYED = 32u; // the first DECAYED elements are weight matrices; a multiple of 4
const REPLICAS = 1u;
const VECS = 1u;
const WIDTH = 16u;
const B1 = 0.9f;
const B2 = 0.999f;
const ONE_MINUS_B1 = 0.1f;
const ONE_MINUS_B2 = 0.001f;
const EPS = 1e-8f;
const GRADS_STRIDE = 64u;
const COUNTERS_STRIDE = 4u;
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
  let rate = rates[step * REPLICAS + id.z];
  let lambda = lambdas[id.z];
  let correction = corrections[step];
  for (var v = 0u; v < VECS; v++) {
    let i = v * WIDTH + id.x;
    if (id.x < WIDTH && i < COUNT / 4u) {
      let p = params[id.z * (PARAMS_STRIDE / 4u) + i];
      let decay = select(0.0, 2.0 * lambda, i < DECAYED / 4u);
      let g = grads[id.z * (GRADS_STRIDE / 4u) + i] + decay * p;
      let m = B1 * mu[id.z * (MU_STRIDE / 4u) + i] + ONE_MINUS_B1 * g;
      let n = B2 * nu[id.z * (NU_STRIDE / 4u) + i] + ONE_MINUS_B2 * g * g;
      mu[id.z * (MU_STRIDE / 4u) + i] = m;
      nu[id.z * (NU_STRIDE / 4u) + i] = n;
      let denominator = sqrt(n / correction.y) + EPS;
      params[id.z * (PARAMS_STRIDE / 4u) + i] = p - rate * ((m / correction.x) / denominator);
    }
  }
}
