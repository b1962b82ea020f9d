import type { LeakyReluSpec } from '../../nn/layers/leaky-relu.ts';
import { leakyReluBackward, leakyRelu as leakyReluForward } from '../leaky-relu.ts';
import type { ReferenceLayer } from './layer.ts';

export const leakyRelu: ReferenceLayer<LeakyReluSpec> = {
  kind: 'leaky-relu',
  symbols: {},
  forward: ({ spec: { slope = 0.01 } }, x) => ({
    y: leakyReluForward(x, slope),
    pattern: Array.from(x, (value) => value > 0),
    backward: (dy) => ({ dx: leakyReluBackward(dy, x, slope), grads: {} }),
  }),
};
