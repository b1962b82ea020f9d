import type { Capabilities } from '../gpu/device.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { softmaxCrossEntropy } from '../kernels/softmax-cross-entropy.ts';
import {
  type Activation,
  activationBackward,
  activationForward,
  activationInference,
  activationStatistics,
} from './activation.ts';
import type { ImageInput } from './image-input.ts';
import { type Linear, linearBackward, linearForward, splitsFor } from './linear.ts';
import type { Model } from './model.ts';
import { layerWidths, paddedWidth } from './parameters.ts';

/** Every batch is full: no row is left out of the loss. */
const allFull = 2 ** 32 - 1;

/** A batch as a net takes it. */
export interface Batch {
  /** (R, B, inputs padded), one (B, inputs padded) for all replicas, or images. */
  readonly x: Tensor | ImageInput;
  /** (R, B) or (B), u32. */
  readonly labels: Tensor;
  /** (R, 4), u32: the step, and the first step whose loss was not finite. */
  readonly counters: Tensor;
}

/** What a pass leaves behind for step-end. */
export interface PassResult {
  /** (R, B, classes padded). */
  readonly logits: Tensor;
  readonly rowLoss: Tensor;
  readonly rowHit: Tensor;
  readonly calls: readonly KernelCall[];
}

/** The layers of a model for one batch size. Batch statistics are kept only where gradients are wanted. */
function makeLayers(allocator: Allocator, model: Model, batchSize: number, training: boolean) {
  const { spec, replicas } = model;
  const widths = layerWidths(spec);
  const prefix = training ? '' : 'evaluation ';
  const linears: Linear[] = widths.slice(1).map((outputs, layer) => ({
    label: `${prefix}layers.${layer}`,
    shape: { M: batchSize, N: paddedWidth(outputs), K: paddedWidth(widths[layer]!) },
    w: model.parameter('linear.weight', layer),
    bias: model.parameter('linear.bias', layer),
    dw: model.gradient('linear.weight', layer),
    db: model.gradient('linear.bias', layer),
  }));
  const activations: Activation[] = spec.hidden.map((width, layer) => {
    const N = paddedWidth(width);
    const plain = { label: `${prefix}layers.${layer}`, spec: spec.batchNorm, M: batchSize, N };
    if (spec.batchNorm === null) return plain;
    return {
      ...plain,
      affine: model.affine(layer),
      daffine: model.affineGradient(layer),
      running: model.runningOf(layer),
      ...(training && { saved: allocator.tensor(`layers.${layer} batch statistics`, 2 * N, replicas) }),
    };
  });
  const tensor = (label: string, width: number) =>
    allocator.tensor(label, batchSize * paddedWidth(width), replicas);
  return { linears, activations, tensor };
}

/** Tensors between the layers: `inputs[i]` and `outputs[i]` of linear layer i, `activated[i]` behind its activation. */
function makeActivations(
  spec: Model['spec'],
  x: Tensor | ImageInput,
  prefix: string,
  tensor: (label: string, width: number) => Tensor,
) {
  const outputs = layerWidths(spec)
    .slice(1)
    .map((width, layer) => tensor(`layers.${layer} ${prefix}linear`, width));
  const activated = spec.hidden.map((width, layer) => tensor(`layers.${layer} ${prefix}output`, width));
  return { outputs, activated, inputs: [x, ...activated] };
}

/**
 * Forward and backward of a training step: loss, with smoothed labels where that is wanted, hits and all gradients.
 * Dispatches: 2 per hidden layer and 2 more forward; 3 per layer backward, fewer at the ends.
 */
export function trainingPass(
  allocator: Allocator,
  model: Model,
  batch: Batch,
  batchSize: number,
  capabilities: Capabilities,
  labelSmoothing = 0,
): PassResult {
  const { spec } = model;
  const { linears, activations, tensor } = makeLayers(allocator, model, batchSize, true);
  const { outputs, activated, inputs } = makeActivations(spec, batch.x, '', tensor);
  const calls: KernelCall[] = [];
  for (const [layer, linear] of linears.entries()) {
    const splits = splitsFor(linear.shape, capabilities);
    calls.push(...linearForward(linear, inputs[layer]!, outputs[layer]!, splits, allocator));
    const activation = activations[layer];
    if (activation !== undefined) {
      calls.push(...activationForward(activation, outputs[layer]!, activated[layer]!, batch.counters));
    }
  }

  const logits = outputs.at(-1)!;
  const loss = lossCall('loss', allocator, model, batch, batchSize, logits, allFull, labelSmoothing);
  calls.push(loss.call);

  let dy = loss.dlogits;
  for (let layer = linears.length - 1; layer >= 0; layer--) {
    const linear = linears[layer]!;
    const feedsBatchNorm = spec.batchNorm?.order === 'before-relu' && layer < activations.length;
    const dx = layer === 0 ? undefined : tensor(`layers.${layer} dx`, layerWidths(spec)[layer]!);
    calls.push(...linearBackward(linear, inputs[layer]!, dy, dx, feedsBatchNorm));
    if (dx === undefined) break;
    const before = activations[layer - 1]!;
    dy = tensor(`layers.${layer - 1} dy`, spec.hidden[layer - 1]!);
    calls.push(...activationBackward(before, outputs[layer - 1]!, dx, dy));
  }
  return { logits, rowLoss: loss.rowLoss, rowHit: loss.rowHit, calls };
}

/**
 * Forward with running statistics, and the loss, labels never smoothed: `total` samples in batches of `batchSize`, of which
 * the last may be partial.
 */
export function evaluationPass(
  allocator: Allocator,
  model: Model,
  batch: Batch,
  batchSize: number,
  total: number,
  capabilities: Capabilities,
): PassResult {
  const { linears, activations, tensor } = makeLayers(allocator, model, batchSize, false);
  const { outputs, activated, inputs } = makeActivations(model.spec, batch.x, 'evaluation ', tensor);
  const calls: KernelCall[] = [];
  for (const [layer, linear] of linears.entries()) {
    const splits = splitsFor(linear.shape, capabilities);
    calls.push(...linearForward(linear, inputs[layer]!, outputs[layer]!, splits, allocator));
    const activation = activations[layer];
    if (activation !== undefined) {
      calls.push(...activationInference(activation, outputs[layer]!, activated[layer]!));
    }
  }
  const logits = outputs.at(-1)!;
  const loss = lossCall('evaluation loss', allocator, model, batch, batchSize, logits, total, 0);
  return { logits, rowLoss: loss.rowLoss, rowHit: loss.rowHit, calls: [...calls, loss.call] };
}

/**
 * For each layer with batch norm the calls that make its running statistics anew, from `total` samples in batches of `batchSize`:
 * forward with the running statistics up to that layer, whose inputs' mean and variance are merged into its own. Run for all
 * batches layer by layer, so that each layer sees inputs normalised with the new statistics of those before it.
 */
export function statisticsPasses(
  allocator: Allocator,
  model: Model,
  batch: Pick<Batch, 'x' | 'counters'>,
  batchSize: number,
  total: number,
  capabilities: Capabilities,
): KernelCall[][] {
  const { linears, activations, tensor } = makeLayers(allocator, model, batchSize, false);
  const { outputs, activated, inputs } = makeActivations(model.spec, batch.x, 'evaluation ', tensor);
  const passes: KernelCall[][] = [];
  const before: KernelCall[] = [];
  for (const [layer, activation] of activations.entries()) {
    const linear = linears[layer]!;
    const output = outputs[layer]!;
    const splits = splitsFor(linear.shape, capabilities);
    before.push(...linearForward(linear, inputs[layer]!, output, splits, allocator));
    passes.push([...before, ...activationStatistics(activation, output, batch.counters, total)]);
    before.push(...activationInference(activation, output, activated[layer]!));
  }
  return passes;
}

function lossCall(
  label: string,
  allocator: Allocator,
  { spec, replicas }: Model,
  { labels, counters }: Batch,
  M: number,
  logits: Tensor,
  TOTAL: number,
  SMOOTHING: number,
) {
  const LD = paddedWidth(spec.classes);
  const dlogits = allocator.tensor('dlogits', M * LD, replicas);
  const rowLoss = allocator.tensor('row losses', M, replicas);
  const rowHit = allocator.tensor('row hits', M, replicas);
  const shape = { M, CLASSES: spec.classes, LD, TOTAL, SMOOTHING };
  const tensors = { logits, labels, counters, dlogits, rowLoss, rowHit };
  return { dlogits, rowLoss, rowHit, call: call(label, softmaxCrossEntropy, shape, tensors) };
}
