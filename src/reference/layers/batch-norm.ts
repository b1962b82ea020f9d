import type { BatchNormLayerSpec } from '../../nn/layers/batch-norm.ts';
import type { SampleShape } from '../../nn/layers/layer.ts';
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  updateRunningStats,
} from '../batch-norm.ts';
import { channelsFirst, channelsLast } from './image-order.ts';
import type { ReferenceContext, ReferenceLayer } from './layer.ts';

const runningOf = ({ tensor }: ReferenceContext<BatchNormLayerSpec>) => ({
  mean: tensor('running_mean'),
  variance: tensor('running_var'),
});

/** Rows, and columns that are normalised: an image's channels, each over all pixels. */
const sizes = ({ M, input }: ReferenceContext<BatchNormLayerSpec>) =>
  'features' in input
    ? { B: M, N: input.features }
    : { B: M * input.height * input.width, N: input.channels };

type Reorder = (values: Float64Array) => Float64Array;

/** Images as rows of channels, and back. */
function imageOrders(input: SampleShape): readonly [Reorder, Reorder] {
  if ('features' in input) return [(values) => values, (values) => values];
  return [(values) => channelsLast(values, input), (values) => channelsFirst(values, input)];
}

export const batchNorm: ReferenceLayer<BatchNormLayerSpec> = {
  kind: 'batch-norm',
  symbols: { weight: 'gamma', bias: 'beta' },
  forward(layer, values) {
    const { input, mode, spec, tensor } = layer;
    const shape = sizes(layer);
    const [last, first] = imageOrders(input);
    const x = last(values);
    const [gamma, beta] = [tensor('weight'), tensor('bias')];
    if (mode === 'evaluation') {
      return {
        y: first(batchNormInference(x, gamma, beta, runningOf(layer), shape, spec.eps)),
        backward: () => {
          throw new Error('batch norm has no gradients in evaluation');
        },
      };
    }
    const { y, batchMean, batchVariance, invStd } = batchNormForward(x, gamma, beta, shape, spec.eps);
    return {
      y: first(y),
      moments: { mean: batchMean, variance: batchVariance },
      backward(dy) {
        const { dx, dgamma, dbeta } = batchNormBackward(last(dy), x, gamma, batchMean, invStd, shape);
        return { dx: first(dx), grads: { weight: dgamma, bias: dbeta } };
      },
    };
  },
  runningAfter(layer, moments, which) {
    const options = which === 'always' ? { ...layer.spec, statsMomentum: 1 } : layer.spec;
    const { mean, variance } = updateRunningStats(
      runningOf(layer),
      moments,
      sizes(layer).B,
      options,
      which !== 'later',
    );
    return { running_mean: mean, running_var: variance };
  },
};
