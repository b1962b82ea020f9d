// softmax-cross-entropy/naive: per row loss = log Σ exp(logits) - Σ target·logits, hit = (argmax = label, the first of equals),
// and dlogits = (softmax - target)/M, the gradient of the mean loss, with target = (1 - SMOOTHING)·onehot + SMOOTHING/CLASSES
// (label smoothing; 0: the label alone). The row's maximum is subtracted first, so large logits are safe.
// One invocation takes one row. Rows hold CLASSES logits of LD columns; dlogits of the other columns are 0.
// Rows from TOTAL - step·M on (the end of a last, partial batch) have no loss, no hit and no gradient.
@group(0) @binding(0) var<storage, read> logits: array<f32>;        // (R, M, LD)
@group(0) @binding(1) var<storage, read> labels: array<u32>;        // (R, M)
@group(0) @binding(2) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> dlogits: array<f32>; // (R, M, LD)
@group(0) @binding(4) var<storage, read_write> rowLoss: array<f32>; // (R, M)
@group(0) @binding(5) var<storage, read_write> rowHit: array<u32>;  // (R, M): 1 or 0

const M = 8u;
const CLASSES = 8u;
const LD = 8u;
const TOTAL = 4294967295u;
const SMOOTHING = 0.0;
const LOGITS_STRIDE = 64u;
const LABELS_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const DLOGITS_STRIDE = 64u;
const ROW_LOSS_STRIDE = 64u;
const ROW_HIT_STRIDE = 64u;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= M) {
    return;
  }
  let base = id.z * LOGITS_STRIDE + row * LD;
  let label = min(labels[id.z * LABELS_STRIDE + row], CLASSES - 1u);
  var largest = logits[base];
  var best = 0u;
  for (var c = 1u; c < CLASSES; c++) {
    let logit = logits[base + c];
    best = select(best, c, logit > largest);
    largest = max(largest, logit);
  }
  var sum = 0.0;
  for (var c = 0u; c < CLASSES; c++) {
    sum += exp(logits[base + c] - largest);
  }
  let valid = row + counters[id.z * COUNTERS_STRIDE] * M < TOTAL;
  let out = id.z * DLOGITS_STRIDE + row * LD;
  for (var c = 0u; c < LD; c++) {
    let probability = exp(logits[base + min(c, CLASSES - 1u)] - largest) / sum;
    let wanted = select(0.0, 1.0 - SMOOTHING, c == label) + SMOOTHING / f32(CLASSES);
    let gradient = (probability - wanted) / f32(M);
    dlogits[out + c] = select(0.0, gradient, valid && c < CLASSES);
  }
  var loss = log(sum) + (1.0 - SMOOTHING) * (largest - logits[base + label]);
  if (SMOOTHING > 0.0) {
    var distance = 0.0;
    for (var c = 0u; c < CLASSES; c++) {
      distance += largest - logits[base + c];
    }
    loss += SMOOTHING / f32(CLASSES) * distance;
  }
  rowLoss[id.z * ROW_LOSS_STRIDE + row] = select(0.0, loss, valid);
  rowHit[id.z * ROW_HIT_STRIDE + row] = select(0u, 1u, valid && best == label);
}
