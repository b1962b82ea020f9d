import type { ReluSpec } from '../../nn/layers/relu.ts';
import { reluBackward, relu as reluForward } from '../relu.ts';
import type { ReferenceLayer } from './layer.ts';

export const relu: ReferenceLayer<ReluSpec> = {
  kind: 'relu',
  symbols: {},
  forward: (_, x) => ({
    y: reluForward(x),
    pattern: Array.from(x, (value) => value > 0),
    backward: (dy) => ({ dx: reluBackward(dy, x), grads: {} }),
  }),
};
