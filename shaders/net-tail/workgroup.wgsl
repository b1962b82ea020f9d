// net-tail/workgroup: a training pass behind the product of the first layer, in one workgroup per replica: batch norm and ReLU, the
// other layers, softmax cross-entropy, and all of it backwards to the gradient of that product. One dispatch in the place of 11 in a
// net of three layers: what small nets on GPUs wait for is dispatches, of which each waits for the one before it.
// Phases hand on activations in `work`, with a barrier between them. A workgroup runs on one core of a GPU, so wide nets are slower.
@group(0) @binding(0) var<storage, read> params: array<vec4f>;        // (R, parameters/4)
@group(0) @binding(1) var<storage, read> labels: array<u32>;          // (R, M)
@group(0) @binding(2) var<storage, read> counters: array<u32>;        // (R, 4): step, ...
@group(0) @binding(3) var<storage, read_write> work: array<vec4f>;    // (R, WORK/4): first z(M,N) of the first layer, in its place dz in the end
@group(0) @binding(4) var<storage, read_write> running: array<vec4f>; // (R, statistics/4)
@group(0) @binding(5) var<storage, read_write> grads: array<vec4f>;   // (R, parameters/4)
@group(0) @binding(6) var<storage, read_write> rowLoss: array<f32>;   // (R, M)
@group(0) @binding(7) var<storage, read_write> rowHit: array<u32>;    // (R, M): 1 or 0

const M = 8u;
const CLASSES = 8u;
const SMOOTHING = 0.0;
const EPS = 1e-5f;
const STATS_MOMENTUM = 0.1f;
const VARIANCE_FACTOR = 1.0f; // of the variance that enters the running one: 1 (biased) or M/(M-1)
const FIRST_BATCH_SETS = 1u;  // 1: step 0 sets the running statistics instead of averaging

// Of each linear layer, the first included, all in vec4s: columns, and where in the arenas weights and bias begin.
const LAYERS = 2u;
const N4 = array(2u, 2u);
const WEIGHT = array(0u, 0u);
const BIAS = array(0u, 16u);
// In `work`: what the layer computes, and its gradient; the same behind batch norm and ReLU.
const Z = array(0u, 32u);
const Y = array(16u, 48u);
// Of each layer but the last: gamma and beta, running mean and variance, and mean and invStd of this batch in workgroup memory.
const HIDDEN = 1u;
const AFFINE = array(18u);
const RUNNING = array(0u);
const STATISTICS = array(0u);
// In `work`: the gradient of what is behind a ReLU.
const DY = 64u;

const PARAMS_STRIDE = 64u;
const LABELS_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const WORK_STRIDE = 64u;
const RUNNING_STRIDE = 64u;
const GRADS_STRIDE = 64u;
const ROW_LOSS_STRIDE = 64u;
const ROW_HIT_STRIDE = 64u;

const INVOCATIONS = 256u;
const LANES = 16u;                 // share the rows of a column of vec4s
const STRIP = INVOCATIONS / LANES; // columns at a time
const LANE_ROWS = (M + LANES - 1u) / LANES;
const ROWS = 2u;                   // of a tile of a product
const ROW_TILES = (M + ROWS - 1u) / ROWS;
const COLUMNS = 2u; // of all layers with batch norm

var<workgroup> partial: array<vec4f, INVOCATIONS>;
var<workgroup> statistics: array<mat2x4f, COLUMNS>; // mean, invStd

/// What a phase wrote is there for the next one: in `work`, and the statistics in workgroup memory. Each barrier orders one of the two alone.
fn endPhase() {
  storageBarrier();
  workgroupBarrier();
}

/// The sum over the lanes of this invocation's column, in every lane, always in the same order.
fn columnSum(value: vec4f, local: u32) -> vec4f {
  workgroupBarrier(); // the sum before this one is read
  partial[local] = value;
  workgroupBarrier();
  var sum = partial[local % STRIP];
  for (var lane = 1u; lane < LANES; lane++) {
    sum += partial[lane * STRIP + local % STRIP];
  }
  return sum;
}

/// y = max(gamma·(z - mean)·invStd + beta, 0) over the batch: mean, then biased variance, then the output.
fn normalise(layer: u32, local: u32, r: u32) {
  let n = N4[layer];
  for (var strip = 0u; strip < (n + STRIP - 1u) / STRIP; strip++) {
    let column = strip * STRIP + local % STRIP;
    let lane = local / STRIP;
    let z = r * (WORK_STRIDE / 4u) + Z[layer] + column;
    var sum = vec4f();
    for (var i = 0u; i < LANE_ROWS; i++) {
      let m = i * LANES + lane;
      if (m < M && column < n) {
        sum += work[z + m * n];
      }
    }
    let mean = columnSum(sum, local) / f32(M);
    var squares = vec4f();
    for (var i = 0u; i < LANE_ROWS; i++) {
      let m = i * LANES + lane;
      if (m < M && column < n) {
        let d = work[z + m * n] - mean;
        squares += d * d;
      }
    }
    let variance = columnSum(squares, local) / f32(M);
    if (column < n) {
      let invStd = 1.0 / sqrt(variance + EPS);
      let affine = r * (PARAMS_STRIDE / 4u) + AFFINE[layer] + column;
      let gamma = params[affine];
      let beta = params[affine + n];
      let y = r * (WORK_STRIDE / 4u) + Y[layer] + column;
      for (var i = 0u; i < LANE_ROWS; i++) {
        let m = i * LANES + lane;
        if (m < M) {
          work[y + m * n] = max(gamma * ((work[z + m * n] - mean) * invStd) + beta, vec4f());
        }
      }
      if (lane == 0u) {
        statistics[STATISTICS[layer] + column] = mat2x4f(mean, invStd);
        let sets = FIRST_BATCH_SETS == 1u && counters[r * COUNTERS_STRIDE] == 0u;
        let weight = select(STATS_MOMENTUM, 1.0, sets);
        let i = r * (RUNNING_STRIDE / 4u) + RUNNING[layer] + column;
        running[i] = (1.0 - weight) * running[i] + weight * mean;
        running[i + n] = (1.0 - weight) * running[i + n] + weight * (variance * VARIANCE_FACTOR);
      }
    }
  }
  endPhase();
}

/// z = x·w + bias, where x is the y of the layer before: ROWS rows of four columns at a time.
fn multiply(layer: u32, local: u32, r: u32) {
  let n = N4[layer];
  let k = N4[layer - 1u];
  let w = r * (PARAMS_STRIDE / 4u) + WEIGHT[layer];
  let bias = r * (PARAMS_STRIDE / 4u) + BIAS[layer];
  let x = r * (WORK_STRIDE / 4u) + Y[layer - 1u];
  let z = r * (WORK_STRIDE / 4u) + Z[layer];
  for (var round = 0u; round < (n * ROW_TILES + INVOCATIONS - 1u) / INVOCATIONS; round++) {
    let tile = round * INVOCATIONS + local;
    let column = tile % n;
    let row = tile / n * ROWS;
    if (row < M) {
      var sums = array<vec4f, ROWS>();
      for (var i = 0u; i < k; i++) {
        let j = w + 4u * i * n + column;
        let wTile = mat4x4f(params[j], params[j + n], params[j + 2u * n], params[j + 3u * n]);
        //#unroll
        for (var m = 0u; m < ROWS; m++) {
          sums[m] += wTile * work[x + min(row + m, M - 1u) * k + i];
        }
      }
      //#unroll
      for (var m = 0u; m < ROWS; m++) {
        if (row + m < M) {
          work[z + (row + m) * n + column] = sums[m] + params[bias + column];
        }
      }
    }
  }
  endPhase();
}

/// Loss and hit of each row, and dlogits in the place of the logits, as softmax-cross-entropy/naive has them: a row per invocation.
fn crossEntropy(local: u32, r: u32) {
  let n = N4[LAYERS - 1u];
  for (var round = 0u; round < (M + INVOCATIONS - 1u) / INVOCATIONS; round++) {
    let row = round * INVOCATIONS + local;
    if (row < M) {
      let logits = r * (WORK_STRIDE / 4u) + Z[LAYERS - 1u] + row * n;
      let label = min(labels[r * LABELS_STRIDE + row], CLASSES - 1u);
      var largest = work[logits].x;
      var best = 0u;
      for (var c = 1u; c < CLASSES; c++) {
        let logit = work[logits + c / 4u][c % 4u];
        best = select(best, c, logit > largest);
        largest = max(largest, logit);
      }
      var sum = 0.0;
      var distance = 0.0;
      for (var c = 0u; c < CLASSES; c++) {
        let logit = work[logits + c / 4u][c % 4u];
        sum += exp(logit - largest);
        distance += largest - logit;
      }
      let behind = largest - work[logits + label / 4u][label % 4u];
      rowLoss[r * ROW_LOSS_STRIDE + row] = log(sum) + (1.0 - SMOOTHING) * behind + SMOOTHING / f32(CLASSES) * distance;
      rowHit[r * ROW_HIT_STRIDE + row] = select(0u, 1u, best == label);
      for (var i = 0u; i < n; i++) {
        let c = vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u);
        let probabilities = exp(work[logits + i] - largest) / sum;
        let wanted = select(vec4f(), vec4f(1.0 - SMOOTHING), c == vec4u(label)) + SMOOTHING / f32(CLASSES);
        work[logits + i] = select(vec4f(), (probabilities - wanted) / f32(M), c < vec4u(CLASSES));
      }
    }
  }
  endPhase();
}

/// Four rows and four columns of dw = xᵀ·dz.
fn weightGradient(layer: u32, tile: u32, r: u32) {
  let n = N4[layer];
  let k = N4[layer - 1u];
  let row = tile / n;
  let column = tile % n;
  let x = r * (WORK_STRIDE / 4u) + Y[layer - 1u] + row;
  let dz = r * (WORK_STRIDE / 4u) + Z[layer] + column;
  var dw = mat4x4f();
  for (var m = 0u; m < M; m++) {
    let values = work[x + m * k];
    let g = work[dz + m * n];
    dw += mat4x4f(values.x * g, values.y * g, values.z * g, values.w * g);
  }
  let out = r * (GRADS_STRIDE / 4u) + WEIGHT[layer] + 4u * row * n + column;
  //#unroll
  for (var i = 0u; i < 4u; i++) {
    grads[out + i * n] = dw[i];
  }
}

/// Four columns of db, the column sums of dz.
fn biasGradient(layer: u32, column: u32, r: u32) {
  let n = N4[layer];
  let dz = r * (WORK_STRIDE / 4u) + Z[layer] + column;
  var db = vec4f();
  for (var m = 0u; m < M; m++) {
    db += work[dz + m * n];
  }
  grads[r * (GRADS_STRIDE / 4u) + BIAS[layer] + column] = db;
}

/// ROWS rows and four columns of dy = dz·wᵀ, the gradient of the layer's input.
fn inputGradient(layer: u32, tile: u32, r: u32) {
  let n = N4[layer];
  let k = N4[layer - 1u];
  let row = tile / k * ROWS;
  let column = tile % k;
  let w = r * (PARAMS_STRIDE / 4u) + WEIGHT[layer] + 4u * column * n;
  let dz = r * (WORK_STRIDE / 4u) + Z[layer];
  var sums = array<vec4f, ROWS>();
  for (var i = 0u; i < n; i++) {
    let wTile = mat4x4f(params[w + i], params[w + n + i], params[w + 2u * n + i], params[w + 3u * n + i]);
    //#unroll
    for (var m = 0u; m < ROWS; m++) {
      sums[m] += work[dz + min(row + m, M - 1u) * n + i] * wTile;
    }
  }
  //#unroll
  for (var m = 0u; m < ROWS; m++) {
    if (row + m < M) {
      work[r * (WORK_STRIDE / 4u) + DY + (row + m) * k + column] = sums[m];
    }
  }
}

/// dw, dy and, of the last layer, db: side by side, since none needs another. A bias in front of batch norm has no gradient.
fn multiplyBackward(layer: u32, local: u32, r: u32) {
  let n = N4[layer];
  let k = N4[layer - 1u];
  let weights = k * n;
  let biases = select(0u, n, layer == LAYERS - 1u);
  let tiles = weights + biases + k * ROW_TILES;
  for (var round = 0u; round < (tiles + INVOCATIONS - 1u) / INVOCATIONS; round++) {
    let tile = round * INVOCATIONS + local;
    if (tile < weights) {
      weightGradient(layer, tile, r);
    } else if (tile < weights + biases) {
      biasGradient(layer, tile - weights, r);
    } else if (tile < tiles) {
      inputGradient(layer, tile - weights - biases, r);
    }
  }
  endPhase();
}

/// dz, dgamma and dbeta from dy, through the ReLU too (the formulas: batch-norm-backward/naive).
fn normaliseBackward(layer: u32, local: u32, r: u32) {
  let n = N4[layer];
  for (var strip = 0u; strip < (n + STRIP - 1u) / STRIP; strip++) {
    let column = strip * STRIP + local % STRIP;
    let lane = local / STRIP;
    let within = min(column, n - 1u);
    let z = r * (WORK_STRIDE / 4u) + Z[layer] + within;
    let dy = r * (WORK_STRIDE / 4u) + DY + within;
    let affine = AFFINE[layer] + within;
    let gamma = params[r * (PARAMS_STRIDE / 4u) + affine];
    let beta = params[r * (PARAMS_STRIDE / 4u) + affine + n];
    let ofBatch = statistics[STATISTICS[layer] + within];
    var dgamma = vec4f();
    var dbeta = vec4f();
    for (var i = 0u; i < LANE_ROWS; i++) {
      let m = i * LANES + lane;
      if (m < M) {
        let normalised = (work[z + m * n] - ofBatch[0]) * ofBatch[1];
        let g = select(vec4f(), work[dy + m * n], gamma * normalised + beta > vec4f());
        dgamma += g * normalised;
        dbeta += g;
      }
    }
    dgamma = columnSum(dgamma, local);
    dbeta = columnSum(dbeta, local);
    if (column < n) {
      for (var i = 0u; i < LANE_ROWS; i++) {
        let m = i * LANES + lane;
        if (m < M) {
          let normalised = (work[z + m * n] - ofBatch[0]) * ofBatch[1];
          let g = select(vec4f(), work[dy + m * n], gamma * normalised + beta > vec4f());
          work[z + m * n] = gamma * ofBatch[1] * (g - (dbeta + normalised * dgamma) / f32(M));
        }
      }
      if (lane == 0u) {
        grads[r * (GRADS_STRIDE / 4u) + affine] = dgamma;
        grads[r * (GRADS_STRIDE / 4u) + affine + n] = dbeta;
      }
    }
  }
  endPhase();
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  // Loops that stay loops: written out, three layers take four times as long to compile on LLVM (lavapipe in Mesa 25.0, 2026-11-26).
  for (var layer = 0u; layer < HIDDEN; layer++) {
    normalise(layer, local, group.z);
    multiply(layer + 1u, local, group.z);
  }
  crossEntropy(local, group.z);
  for (var i = 0u; i < HIDDEN; i++) {
    multiplyBackward(HIDDEN - i, local, group.z);
    normaliseBackward(HIDDEN - 1u - i, local, group.z);
  }
}
