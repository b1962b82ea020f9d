// The calls of a net: one interpreter of its list of layers, for training, evaluation and batch statistics.
import type { Capabilities } from '../gpu/device.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { softmaxCrossEntropy } from '../kernels/softmax-cross-entropy.ts';
import { viewAverage } from '../kernels/view-average.ts';
import { fuseLayers } from './fuse.ts';
import type { LayerSpec } from './layers/index.ts';
import { isTrained, type LayerContext, type Mode, paddedWidth } from './layers/layer.ts';
import type { Model } from './model.ts';
import type { PlacedLayer } from './net.ts';

/** Every batch is full: no row is left out of the loss. */
export const allFull = 2 ** 32 - 1;

/** A batch as a net takes it. */
export interface Batch {
  /** (R, B, inputs padded), or one (B, inputs padded) for all replicas. */
  readonly x: Tensor;
  /** (R, B) or (B), u32. */
  readonly labels: Tensor;
  /** (R, 4), u32: the step, and the first step whose loss was not finite. */
  readonly counters: Tensor;
}

/** What a pass is recorded for. */
export interface PassOptions {
  readonly allocator: Allocator;
  readonly model: Model;
  readonly batch: Batch;
  readonly batchSize: number;
  readonly capabilities: Capabilities;
}

/** What a pass leaves behind for step-end. */
export interface PassResult {
  /** (R, B, classes padded). */
  readonly logits: Tensor;
  readonly rowLoss: Tensor;
  readonly rowHit: Tensor;
  readonly calls: readonly KernelCall[];
}

/** Options as layers need them: nothing of a batch but its counters. */
type LayerOptions = Omit<PassOptions, 'batch'> & { readonly batch: Pick<Batch, 'counters'> };

/** The context of each layer. Evaluation's tensors and calls carry the word, so that labels are told apart. */
function contexts(options: LayerOptions, mode: Mode) {
  const { allocator, model, batch, batchSize, capabilities } = options;
  const prefix = mode === 'training' ? '' : 'evaluation ';
  return (layer: PlacedLayer): LayerContext<LayerSpec> => ({
    spec: layer.spec,
    label: prefix + layer.label,
    mode,
    batchSize,
    input: layer.input,
    output: layer.output,
    capabilities,
    counters: batch.counters,
    tensor: (name, size) => allocator.tensor(`${prefix}${layer.label} ${name}`, size, model.replicas),
    parameter: (...names) => model.parameter(layer, names),
    gradient: (...names) => model.gradient(layer, names),
    statistic: (...names) => model.statistic(layer, names),
  });
}

/** Forward and backward of a training step: loss, with smoothed labels where that is wanted, hits and all gradients. */
export function trainingPass(options: PassOptions & { readonly labelSmoothing?: number }): PassResult {
  const { model, batch, labelSmoothing = 0 } = options;
  const contextOf = contexts(options, 'training');
  let y = batch.x;
  const forwards = model.layers.map((layer) => {
    const forward = layer.kind.forward(contextOf(layer), y);
    y = forward.y;
    return { layer, forward };
  });
  const loss = lossCall(options, { label: 'loss', logits: y, total: allFull, smoothing: labelSmoothing });
  const calls = [...forwards.flatMap(({ forward }) => forward.calls), loss.call];
  let dy: Tensor | undefined = loss.dlogits;
  const first = model.layers.findIndex(({ parameters }) => parameters.some(isTrained));
  for (const [place, { forward }] of [...forwards.entries()].reverse()) {
    // Nothing before the first layer with parameters that are trained needs a gradient.
    if (place < first || dy === undefined) break;
    const backward = forward.backward(dy, place > first);
    calls.push(...backward.calls);
    dy = backward.dx;
  }
  return { logits: y, rowLoss: loss.rowLoss, rowHit: loss.rowHit, calls: fuseLayers(calls) };
}

/**
 * Forward with running statistics, and the loss, labels never smoothed: `total` samples in batches of `batchSize`, of which
 * the last may be partial. With `viewWeights` (V) a batch is V views of batchSize / V samples, view by view, whose logits are averaged.
 */
export function evaluationPass(
  options: PassOptions & { readonly total: number; readonly viewWeights?: Tensor | undefined },
): PassResult {
  const contextOf = contexts(options, 'evaluation');
  let logits = options.batch.x;
  const calls = options.model.layers.flatMap((layer) => {
    const forward = layer.kind.forward(contextOf(layer), logits);
    logits = forward.y;
    return forward.calls;
  });
  const { allocator, model, batchSize, total, viewWeights } = options;
  const samples = batchSize / (viewWeights?.size ?? 1);
  if (viewWeights !== undefined) {
    const shape = { M: samples, LD: paddedWidth(model.spec.classes), VIEWS: viewWeights.size };
    const mean = allocator.tensor('mean logits', shape.M * shape.LD, model.replicas);
    calls.push(call('evaluation views', viewAverage, shape, { logits, weights: viewWeights, mean }));
    logits = mean;
  }
  const loss = lossCall(
    { ...options, batchSize: samples },
    { label: 'evaluation loss', logits, total, smoothing: 0 },
  );
  return { logits, rowLoss: loss.rowLoss, rowHit: loss.rowHit, calls: fuseLayers([...calls, loss.call]) };
}

/**
 * For each layer with running statistics the calls that make them anew, from `total` samples in batches of `batchSize`:
 * forward with the running statistics up to that layer, whose inputs' mean and variance are merged into its own. Run for all
 * batches layer by layer, so that each layer sees inputs normalised with the new statistics of those before it.
 */
export function statisticsPasses(
  options: LayerOptions & { readonly batch: Pick<Batch, 'x'>; readonly total: number },
): (readonly KernelCall[])[] {
  const { batch, model, total } = options;
  const contextOf = contexts(options, 'evaluation');
  const passes: (readonly KernelCall[])[] = [];
  const before: KernelCall[] = [];
  let x = batch.x;
  for (const layer of model.layers) {
    const context = contextOf(layer);
    const merge = layer.kind.mergeStatistics?.(context, x, total);
    if (merge !== undefined) passes.push(fuseLayers([...before, ...merge]));
    const forward = layer.kind.forward(context, x);
    before.push(...forward.calls);
    x = forward.y;
  }
  return passes;
}

function lossCall(
  { allocator, model, batch, batchSize: M }: PassOptions,
  {
    label,
    logits,
    total: TOTAL,
    smoothing: SMOOTHING,
  }: {
    readonly label: string;
    readonly logits: Tensor;
    readonly total: number;
    readonly smoothing: number;
  },
) {
  const { replicas, spec } = model;
  const { labels, counters } = batch;
  const LD = paddedWidth(spec.classes);
  const dlogits = allocator.tensor('dlogits', M * LD, replicas);
  const rowLoss = allocator.tensor('row losses', M, replicas);
  const rowHit = allocator.tensor('row hits', M, replicas);
  const shape = { M, CLASSES: spec.classes, LD, TOTAL, SMOOTHING };
  const tensors = { logits, labels, counters, dlogits, rowLoss, rowHit };
  return { dlogits, rowLoss, rowHit, call: call(label, softmaxCrossEntropy, shape, tensors) };
}
