import type { ScaleSpec } from '../../nn/layers/scale.ts';
import type { ReferenceLayer } from './layer.ts';

export const scale: ReferenceLayer<ScaleSpec> = {
  kind: 'scale',
  symbols: {},
  forward: ({ spec: { factor } }, x) => ({
    y: x.map((value) => factor * value),
    backward: (dy) => ({ dx: dy.map((value) => factor * value), grads: {} }),
  }),
};
