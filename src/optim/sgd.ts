import { call } from '../kernels/call.ts';
import { sgd as plain, sgdMomentum } from '../kernels/optimizers.ts';
import type { OptimizerKind } from './optimizer.ts';

/** Stochastic gradient descent, as PyTorch defines it. What is absent is 0, or off. */
export interface SgdSpec {
  readonly kind: 'sgd';
  /** Weight of the old velocity (Polyak 1964), PyTorch's `momentum`. */
  readonly momentum?: number;
  /** Look ahead by a step of the velocity (Nesterov 1983; Sutskever et al. 2013). Needs momentum. */
  readonly nesterov?: boolean;
  /** Added to the gradient times the parameter, for all parameters, PyTorch's `weight_decay`. */
  readonly weightDecay?: number;
}

export const sgd: OptimizerKind<SgdSpec> = {
  kind: 'sgd',
  title: 'SGD',
  defaults: { kind: 'sgd' },
  options: [
    { name: 'momentum', what: 'weight of the old velocity', range: [0, 1] },
    { name: 'nesterov', what: "Nesterov's momentum" },
    { name: 'weightDecay', what: 'times the parameter, added to every gradient', range: [0, 1] },
  ],
  state: ({ momentum = 0 }) => (momentum === 0 ? [] : ['velocity']),
  update({ momentum = 0, nesterov = false, weightDecay = 0 }, sizes, tensors, { velocity }) {
    const shape = { ...sizes, WEIGHT_DECAY: weightDecay };
    if (velocity === undefined) return call('sgd', plain, shape, tensors);
    const own = { ...shape, MOMENTUM: momentum, NESTEROV: nesterov ? 1 : 0 } as const;
    return call('sgd', sgdMomentum, own, { ...tensors, velocity });
  },
};
