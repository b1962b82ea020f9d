import type { FlattenSpec } from '../../nn/layers/flatten.ts';
import type { ReferenceLayer } from './layer.ts';

/** The values lie in PyTorch's order already. */
export const flatten: ReferenceLayer<FlattenSpec> = {
  kind: 'flatten',
  symbols: {},
  forward: (_, x) => ({ y: x, backward: (dy) => ({ dx: dy, grads: {} }) }),
};
