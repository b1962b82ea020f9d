import { featuresOf } from '../../nn/layers/layer.ts';
import type { LinearSpec } from '../../nn/layers/linear.ts';
import { biasGrad } from '../bias.ts';
import { matmul, matmulDgrad, matmulWgrad } from '../matmul.ts';
import { transpose } from '../numbers.ts';
import type { ReferenceLayer } from './layer.ts';

/** y = x·wᵀ + bias, with PyTorch's w (out, in). */
export const linear: ReferenceLayer<LinearSpec> = {
  kind: 'linear',
  symbols: { weight: 'W', bias: 'b' },
  forward({ M, input, spec, tensor }, x) {
    const [K, N] = [featuresOf(input), spec.outputs];
    const hasBias = spec.bias !== false;
    const sizes = { M, K, N };
    const w = transpose(tensor('weight'), N, K);
    return {
      y: matmul(x, w, hasBias ? tensor('bias') : null, sizes),
      backward: (dy) => ({
        dx: matmulDgrad(dy, w, sizes),
        grads: {
          weight: transpose(matmulWgrad(x, dy, sizes), K, N),
          ...(hasBias && { bias: biasGrad(dy, M, N) }),
        },
      }),
    };
  },
};
