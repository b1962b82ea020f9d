import { call } from '../kernels/call.ts';
import { adam as kernel } from '../kernels/optimizers.ts';
import { momentWeights } from './adam.ts';
import type { OptimizerKind } from './optimizer.ts';

/** RMSprop (Hinton 2012, lecture 6e of Neural Networks for Machine Learning), as PyTorch defines it: nu = b2·nu + (1-b2)·g², params -= rate·g / (√nu + eps). */
export interface RmspropSpec {
  readonly kind: 'rmsprop';
  /** Weight of the old second moment, PyTorch's `alpha`. */
  readonly b2: number;
  /** Added to the root of the second moment. */
  readonly eps: number;
}

export const rmsprop: OptimizerKind<RmspropSpec> = {
  kind: 'rmsprop',
  title: 'RMSprop',
  defaults: { kind: 'rmsprop', b2: 0.99, eps: 1e-8 },
  options: [{ name: 'b2', what: 'weight of the old second moment', range: momentWeights }],
  // Adam's kernel with a first moment that is the gradient itself, and no bias to correct.
  state: () => ['mu', 'nu'],
  perStep: () => [1, 1],
  update: ({ b2, eps }, sizes, tensors, { mu, nu }) =>
    call(
      'rmsprop',
      kernel,
      { ...sizes, WEIGHT_DECAY: 0, B1: 0, B2: b2, EPS: eps },
      { ...tensors, mu: mu!, nu: nu! },
    ),
};
