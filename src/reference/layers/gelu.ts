import type { GeluSpec } from '../../nn/layers/gelu.ts';
import { geluBackward, gelu as geluForward } from '../gelu.ts';
import type { ReferenceLayer } from './layer.ts';

export const gelu: ReferenceLayer<GeluSpec> = {
  kind: 'gelu',
  symbols: {},
  forward: (_, x) => ({
    y: geluForward(x),
    backward: (dy) => ({ dx: geluBackward(dy, x), grads: {} }),
  }),
};
