// The calls of a training step. Trainer, benches, peers and tests record it here and nowhere else.
import type { Capabilities } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import { fuseGather, fusionPays, splitSums } from '../nn/fuse.ts';
import { featuresOf, type SampleShape, shapeWords, storedSize } from '../nn/layers/layer.ts';
import { type Model, makeModel } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import { tailInOneWorkgroup } from '../nn/net-tail.ts';
import { rateRanges } from '../nn/parameters.ts';
import { trainingPass } from '../nn/passes.ts';
import { type Averaging, makeAveraging } from '../optim/averaging.ts';
import type { OptimizerSpec } from '../optim/index.ts';
import { makeOptimizer, type Optimizer } from '../optim/optimizer.ts';
import type { SampleSplits } from './dataset.ts';
import { gatherCall } from './gather-call.ts';

/** Where the samples of a step come from. */
export type StepSource =
  | {
      readonly kind: 'dataset';
      readonly dataset: SampleSplits;
      /** Training samples of an epoch: entries of `order`. */
      readonly samples: number;
      /** Samples may carry crop offsets. */
      readonly crop?: boolean;
      /** What a crop shows outside the image; black unless given. */
      readonly border?: 'black' | 'reflect';
      /** Let the first layer read the images' bytes itself, where it can; unless given, where that is faster. */
      readonly fused?: boolean | undefined;
    }
  /** x and labels are the caller's to write. */
  | { readonly kind: 'batch' };

export interface StepOptions {
  readonly net: NetSpec;
  readonly optimizer: OptimizerSpec;
  readonly source: StepSource;
  readonly batchSize: number;
  readonly replicas: number;
  readonly capabilities: Capabilities;
  /** Steps of the run: rows of the optimizer's table. */
  readonly steps: number;
  /** Steps that the history holds. */
  readonly historySteps: number;
  readonly labelSmoothing?: number;
  /** Steps from one average of the parameters to the next (optim/averaging.ts); none unless given. */
  readonly lookahead?: number;
  /** All behind the first layer's product, forward and backward, in one workgroup per replica. */
  readonly oneWorkgroup?: boolean;
}

/** A step's tensors and calls. */
export interface RecordedStep {
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** Where the parameters are averaged. */
  readonly averaging: Averaging | undefined;
  readonly calls: readonly KernelCall[];
  /** The first layer reads the images' bytes itself. */
  readonly fused: boolean;
  /** All behind the first layer's product is one call. */
  readonly oneWorkgroup: boolean;
  /** (R, samples of an epoch), as sample-order.ts encodes them. */
  readonly order: Tensor;
  /** (R, B, input padded). Nothing writes it where the first layer reads bytes. */
  readonly x: Tensor;
  /** (R, B) */
  readonly labels: Tensor;
  /** (R, B, classes padded) */
  readonly logits: Tensor;
  /** (R, 4): the step, and the first step whose loss was not finite, plus 1. */
  readonly counters: Tensor;
  /** (R, 2 · historySteps): sums of losses, and hits. */
  readonly history: Tensor;
}

/**
 * Records input, forward, loss, backward, update and step-end. Nothing is allocated until the calls are compiled.
 * @throws RangeError where the net does not fit the data, GpuError where one workgroup does not compute it, naming what does not
 */
export function recordStep(allocator: Allocator, options: StepOptions): RecordedStep {
  const { net, source, batchSize: B, replicas: R, capabilities, historySteps: HISTORY } = options;
  if (source.kind === 'dataset') checkFit(net, source.dataset);
  const model = makeModel(allocator, net, R);
  const counters = allocator.tensor('counters', 4, R);
  const order = allocator.tensor('sample order', source.kind === 'dataset' ? source.samples : 1, R);
  const labels = allocator.tensor('labels', B, R);
  const history = allocator.tensor('history', 2 * HISTORY, R);
  const x = allocator.tensor('x', B * storedSize(inputOf(net)), R);

  const batch = { x, labels, counters };
  const { labelSmoothing = 0 } = options;
  const pass = trainingPass({ allocator, model, batch, batchSize: B, capabilities, labelSmoothing });
  const { params, grads, layout } = model;
  const optimizer = makeOptimizer(allocator, options.optimizer, {
    params,
    grads,
    counters,
    parameterCount: layout.parameterCount,
    decayedCount: layout.decayedCount,
    ranges: rateRanges(layout).map(({ trainedEpochs, ...range }) => ({
      ...range,
      trainedSteps: trainedEpochs === undefined ? Infinity : trainedEpochs * stepsPerEpoch(source, B),
    })),
    steps: options.steps,
  });
  const arenas = { parameters: params, ...(layout.statisticCount > 0 && { statistics: model.running }) };
  const averaging =
    options.lookahead === undefined
      ? undefined
      : makeAveraging(allocator, arenas, { counters, steps: options.steps });
  const { rowLoss, rowHit, logits } = pass;
  const end = call('step end', stepEnd, { M: B, HISTORY }, { rowLoss, rowHit, history, counters });
  const all = [
    ...inputCalls(source, { batchSize: B, input: inputOf(net) }, { order, ...batch }),
    ...pass.calls,
    ...optimizer.calls,
    ...(averaging?.calls ?? []),
    end,
  ];
  const gathered = fusedCalls(all, source, capabilities);
  const calls = splitSums(gathered, capabilities, allocator);
  const fused = gathered !== all;
  const step = {
    model,
    optimizer,
    averaging,
    calls,
    fused,
    oneWorkgroup: false,
    order,
    x,
    labels,
    logits,
    counters,
    history,
  };
  return options.oneWorkgroup ? inOneWorkgroup(allocator, step) : step;
}

/**
 * The same step with all behind the first layer's product in one workgroup per replica. Both steps share every tensor that both have.
 * @throws GpuError where one workgroup does not compute such a net
 */
export function inOneWorkgroup(allocator: Allocator, step: RecordedStep): RecordedStep {
  const calls = tailInOneWorkgroup(step.calls, step.model, allocator);
  if ('refused' in calls) throw new GpuError(`net-tail cannot compute this net: ${calls.refused}`);
  return { ...step, calls, oneWorkgroup: true };
}

function fusedCalls(
  calls: readonly KernelCall[],
  source: StepSource,
  capabilities: Capabilities,
): readonly KernelCall[] {
  if (source.kind === 'batch' || source.fused === false) return calls;
  return source.fused ? fuseGather(calls) : fuseGather(calls, fusionPays(capabilities));
}

function inputCalls(
  source: StepSource,
  { batchSize, input }: { readonly batchSize: number; readonly input: SampleShape },
  tensors: Parameters<typeof gatherCall>[1],
): readonly KernelCall[] {
  if (source.kind === 'batch') return [];
  const { dataset, crop = false, border = 'black' } = source;
  const { train: split } = dataset;
  const epoch = stepsPerEpoch(source, batchSize);
  const options = { label: 'gather', input, split, batchSize, stepsPerEpoch: epoch, crop, border };
  return [gatherCall(options, tensors)];
}

/** Whole batches of an epoch; a caller who writes batches has an epoch without end. */
const stepsPerEpoch = (source: StepSource, batchSize: number): number =>
  source.kind === 'batch' ? Infinity : Math.floor(source.samples / batchSize);

/** @throws RangeError where a net is made for other data */
function checkFit(net: NetSpec, { input, classes }: SampleSplits): void {
  // A row of features is as good as another of its length.
  const sizeOf = 'features' in inputOf(net) ? featuresOf : shapeWords;
  if (sizeOf(net.input) !== sizeOf(input)) {
    throw new RangeError(
      `the net takes samples of ${shapeWords(net.input)} values, the data have ${shapeWords(input)}`,
    );
  }
  if (net.classes < classes) {
    throw new RangeError(`the net has ${net.classes} classes, the data have ${classes}`);
  }
}
