import type { Tensor } from '../../gpu/tensor.ts';
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from '../../kernels/batch-norm.ts';
import {
  activationCode,
  batchNormApply,
  batchNormDx,
  batchNormGradientParts,
  batchNormMerge,
  batchNormMoments,
} from '../../kernels/batch-norm-parts.ts';
import { call } from '../../kernels/call.ts';
import { fewRows, partSum, partsOf } from '../../kernels/parts.ts';
import {
  type Forward,
  type LayerContext,
  type LayerKind,
  paddedWidth,
  type SampleShape,
  vector,
} from './layer.ts';

/** Options of batch normalisation (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167). */
export interface BatchNormOptions {
  /** Added to the variance before the square root. */
  readonly eps: number;
  /** Weight of the NEW batch in the running statistics, as in PyTorch. */
  readonly statsMomentum: number;
  /** Which variance the running average takes; normalising always uses the biased one. */
  readonly runningVariance: 'biased' | 'unbiased';
  /** Running statistics start as those of the first batch (course), as 0 and 1 (PyTorch), or came with the weights, and go on from there. */
  readonly runningInit: 'first-batch' | 'zero-one' | 'loaded';
  /** false: gamma stays 1. */
  readonly scale?: boolean;
  /** Factor on beta's learning rate; 1 unless given. */
  readonly biasRate?: number;
}

/** y = gamma · (x - mean) / sqrt(variance + eps) + beta, per feature. */
export interface BatchNormLayerSpec extends BatchNormOptions {
  readonly kind: 'batch-norm';
}

const alone = { RELU_BEFORE: 0, RELU_AFTER: 0 } as const;

/** What is normalised: the channels of an image, each over all pixels, or the features of a row. */
function columnsOf(input: SampleShape): { readonly columns: number; readonly rows: number } {
  if (!('features' in input)) return { columns: input.channels, rows: input.height * input.width };
  if (input.image !== undefined)
    throw new RangeError('batch norm of a flattened image: put it in front of flatten');
  return { columns: input.features, rows: 1 };
}

const sizes = ({ batchSize, input }: LayerContext<BatchNormLayerSpec>) => {
  const { columns, rows } = columnsOf(input);
  return { M: batchSize * rows, N: paddedWidth(columns) };
};

const varianceFactor = ({ runningVariance }: BatchNormOptions, rows: number): number =>
  runningVariance === 'unbiased' && rows > 1 ? rows / (rows - 1) : 1;

const hasNone = (label: string): never => {
  throw new Error(`${label}: batch norm has no gradients in evaluation`);
};

export const batchNorm: LayerKind<BatchNormLayerSpec> = {
  kind: 'batch-norm',
  stem: 'bn',
  outputShape({ eps, statsMomentum, biasRate = 1 }, input) {
    columnsOf(input);
    // What pads the features has no variance: without eps it becomes 0 / 0.
    if (!(eps >= 1e-30 && statsMomentum >= 0 && statsMomentum <= 1))
      throw new RangeError(`an eps of ${eps}, a statsMomentum of ${statsMomentum}`);
    if (!(biasRate > 0)) throw new RangeError(`a factor of ${biasRate} on the rate of its bias`);
    return input;
  },
  parameters: ({ scale, biasRate }, input) => [
    { ...vector('weight', columnsOf(input).columns, 1), ...(scale === false && { rateFactor: 0 }) },
    {
      ...vector('bias', columnsOf(input).columns, 0, true),
      ...(biasRate !== undefined && { rateFactor: biasRate }),
    },
  ],
  statistics: (_, input) => [
    vector('running_mean', columnsOf(input).columns, 0),
    vector('running_var', columnsOf(input).columns, 1, true),
  ],
  forward(layer, x) {
    if (sizes(layer).M > fewRows) return overManyRows(layer, x);
    const { label, spec, mode, counters } = layer;
    const { M, N } = sizes(layer);
    const affine = layer.parameter('weight', 'bias');
    const running = layer.statistic('running_mean', 'running_var');
    const y = layer.tensor('batch norm', M * N);
    if (mode === 'evaluation') {
      const shape = { M, N, ...alone, EPS: spec.eps };
      return {
        y,
        calls: [call(`${label} batch norm`, batchNormInference, shape, { x, affine, running, y })],
        backward: () => hasNone(label),
      };
    }
    if (M < 2)
      throw new RangeError(`${label}: batch norm trains with 2 samples or more, one value has no variance`);
    const saved = layer.tensor('batch statistics', 2 * N);
    const shape = {
      M,
      N,
      ...alone,
      EPS: spec.eps,
      STATS_MOMENTUM: spec.statsMomentum,
      VARIANCE_FACTOR: varianceFactor(spec, M),
      FIRST_BATCH_SETS: spec.runningInit === 'first-batch' ? 1 : 0,
    } as const;
    return {
      y,
      calls: [
        call(`${label} batch norm`, batchNormForward, shape, { x, affine, counters, running, saved, y }),
      ],
      backward(dy) {
        const daffine = layer.gradient('weight', 'bias');
        const dx = layer.tensor('batch norm dx', M * N);
        const tensors = { dy, x, affine, saved, daffine, dx };
        return {
          dx,
          calls: [call(`${label} batch norm backward`, batchNormBackward, { M, N, ...alone }, tensors)],
        };
      },
    };
  },
  mergeStatistics(layer, x, total) {
    const { label, spec, counters, input } = layer;
    const TOTAL = total * columnsOf(input).rows;
    const shape = {
      ...sizes(layer),
      TOTAL,
      RELU_BEFORE: 0,
      VARIANCE_FACTOR: varianceFactor(spec, TOTAL),
    } as const;
    const running = layer.statistic('running_mean', 'running_var');
    return [call(`${label} statistics`, batchNormStatistics, shape, { x, counters, running })];
  },
};

/** The same as dispatches of their own, reductions in parts (kernels/batch-norm-parts.ts). */
function overManyRows(layer: LayerContext<BatchNormLayerSpec>, x: Tensor): Forward {
  const { label, spec, mode, counters } = layer;
  const { M, N } = sizes(layer);
  const affine = layer.parameter('weight', 'bias');
  const running = layer.statistic('running_mean', 'running_var');
  const y = layer.tensor('batch norm', M * N);
  const apply = (statistics: Tensor, FROM_VARIANCE: 0 | 1) => {
    const shape = {
      M,
      N,
      RELU_BEFORE: 0,
      ACTIVATION: activationCode.none,
      FROM_VARIANCE,
      EPS: spec.eps,
    } as const;
    return call(`${label} batch norm`, batchNormApply, shape, { x, affine, statistics, y });
  };
  if (mode === 'evaluation') {
    return {
      y,
      calls: [apply(running, 1)],
      backward: () => hasNone(label),
    };
  }
  const PARTS = partsOf(M);
  const partial = layer.tensor('moments', PARTS * 2 * N);
  const saved = layer.tensor('batch statistics', 2 * N);
  const merge = {
    M,
    N,
    PARTS,
    EPS: spec.eps,
    STATS_MOMENTUM: spec.statsMomentum,
    VARIANCE_FACTOR: varianceFactor(spec, M),
    FIRST_BATCH_SETS: spec.runningInit === 'first-batch' ? 1 : 0,
  } as const;
  return {
    y,
    calls: [
      call(`${label} moments`, batchNormMoments, { M, N, PARTS, RELU_BEFORE: 0 }, { x, partial }),
      call(`${label} moments merge`, batchNormMerge, merge, { partial, counters, running, saved }),
      apply(saved, 0),
    ],
    backward(dy) {
      const daffine = layer.gradient('weight', 'bias');
      const sums = layer.tensor('batch norm gradient parts', PARTS * 2 * N);
      const dx = layer.tensor('batch norm dx', M * N);
      const shape = { M, N, RELU_BEFORE: 0, ACTIVATION: activationCode.none } as const;
      return {
        dx,
        calls: [
          call(
            `${label} batch norm gradients`,
            batchNormGradientParts,
            { ...shape, PARTS },
            { dy, x, affine, saved, partial: sums },
          ),
          call(
            `${label} batch norm gradients sum`,
            partSum,
            { COUNT: 2 * N, PARTS },
            { partial: sums, sum: daffine },
          ),
          call(`${label} batch norm backward`, batchNormDx, shape, { dy, x, affine, saved, daffine, dx }),
        ],
      };
    },
  };
}
