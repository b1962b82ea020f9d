// view-average/naive: mean(M,LD) = Σ weights(v) · logits(v,M,LD) over the views v of M images, in this order; LD a multiple of 4.
// One invocation, one vec4.
@group(0) @binding(0) var<storage, read> logits: array<vec4f>;     // (R, VIEWS, M, LD/4)
@group(0) @binding(1) var<storage, read> weights: array<f32>;      // (VIEWS)
@group(0) @binding(2) var<storage, read_write> mean: array<vec4f>; // (R, M, LD/4)

const M = 8u;
const LD = 8u;
const VIEWS = 2u;
const LOGITS_STRIDE = 64u;
const MEAN_STRIDE = 64u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= M * (LD / 4u)) {
    return;
  }
  var sum = vec4f();
  for (var v = 0u; v < VIEWS; v++) {
    sum += weights[v] * logits[id.z * (LOGITS_STRIDE / 4u) + v * (M * (LD / 4u)) + id.x];
  }
  mean[id.z * (MEAN_STRIDE / 4u) + id.x] = sum;
}
