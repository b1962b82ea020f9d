import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from '../../kernels/batch-norm.ts';
import { call } from '../../kernels/call.ts';
import { featuresOf, type LayerContext, type LayerKind, paddedWidth, vector } from './layer.ts';

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
}

/** y = gamma · (x - mean) / sqrt(variance + eps) + beta, per feature. */
export interface BatchNormLayerSpec extends BatchNormOptions {
  readonly kind: 'batch-norm';
}

const alone = { RELU_BEFORE: 0, RELU_AFTER: 0 } as const;

const sizes = ({ batchSize, input }: LayerContext<BatchNormLayerSpec>) => ({
  M: batchSize,
  N: paddedWidth(featuresOf(input)),
});

export const batchNorm: LayerKind<BatchNormLayerSpec> = {
  kind: 'batch-norm',
  stem: 'bn',
  outputShape: (_, input) => input,
  parameters: (_, input) => [
    vector('weight', featuresOf(input), 1),
    vector('bias', featuresOf(input), 0, true),
  ],
  statistics: (_, input) => [
    vector('running_mean', featuresOf(input), 0),
    vector('running_var', featuresOf(input), 1, true),
  ],
  forward(layer, x) {
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
        backward: () => {
          throw new Error(`${label}: batch norm has no gradients in evaluation`);
        },
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
      VARIANCE_FACTOR: spec.runningVariance === 'unbiased' && M > 1 ? M / (M - 1) : 1,
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
    const { label, spec, counters } = layer;
    const shape = {
      ...sizes(layer),
      TOTAL: total,
      RELU_BEFORE: 0,
      VARIANCE_FACTOR: spec.runningVariance === 'unbiased' && total > 1 ? total / (total - 1) : 1,
    } as const;
    const running = layer.statistic('running_mean', 'running_var');
    return [call(`${label} statistics`, batchNormStatistics, shape, { x, counters, running })];
  },
};
