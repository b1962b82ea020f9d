import type { BatchNormLayerSpec } from '../../nn/layers/batch-norm.ts';
import { featuresOf } from '../../nn/layers/layer.ts';
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  updateRunningStats,
} from '../batch-norm.ts';
import type { ReferenceContext, ReferenceLayer } from './layer.ts';

const runningOf = ({ tensor }: ReferenceContext<BatchNormLayerSpec>) => ({
  mean: tensor('running_mean'),
  variance: tensor('running_var'),
});

export const batchNorm: ReferenceLayer<BatchNormLayerSpec> = {
  kind: 'batch-norm',
  symbols: { weight: 'gamma', bias: 'beta' },
  forward(layer, x) {
    const { M: B, input, mode, spec, tensor } = layer;
    const shape = { B, N: featuresOf(input) };
    const [gamma, beta] = [tensor('weight'), tensor('bias')];
    if (mode === 'evaluation') {
      return {
        y: batchNormInference(x, gamma, beta, runningOf(layer), shape, spec.eps),
        backward: () => {
          throw new Error('batch norm has no gradients in evaluation');
        },
      };
    }
    const { y, batchMean, batchVariance, invStd } = batchNormForward(x, gamma, beta, shape, spec.eps);
    return {
      y,
      moments: { mean: batchMean, variance: batchVariance },
      backward(dy) {
        const { dx, dgamma, dbeta } = batchNormBackward(dy, x, gamma, batchMean, invStd, shape);
        return { dx, grads: { weight: dgamma, bias: dbeta } };
      },
    };
  },
  runningAfter(layer, moments, which) {
    const options = which === 'always' ? { ...layer.spec, statsMomentum: 1 } : layer.spec;
    const { mean, variance } = updateRunningStats(
      runningOf(layer),
      moments,
      layer.M,
      options,
      which !== 'later',
    );
    return { running_mean: mean, running_var: variance };
  },
};
