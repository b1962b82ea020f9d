/** optimizers: the float64 mirror of src/optim, by kind: one update of one tensor. */
import type { OptimizerSpec } from '../optim/index.ts';
import { adam } from './adam.ts';
import type { Numbers } from './numbers.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

/** A tensor's parameters, the gradient of the mean loss alone, what the optimizer keeps (0 at first), which elements decay. */
export interface UpdateInput {
  readonly w: Numbers;
  readonly dw: Numbers;
  readonly state: Readonly<Record<string, Numbers>>;
  readonly decayed: Numbers;
}

export interface UpdateSettings {
  readonly learningRate: number;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
  /** The number of this update; the first is 1. */
  readonly step: number;
  /** On the learning rate, not on what weight decay takes; 1 unless given. */
  readonly rateFactor?: number;
}

export interface Updated {
  readonly w: Float64Array;
  readonly state: Readonly<Record<string, Float64Array>>;
}

/** One update. @throws Error for an optimizer without a mirror */
export function update(given: OptimizerSpec, input: UpdateInput, usual: UpdateSettings): Updated {
  const { rateFactor = 1 } = usual;
  const spec =
    'weightDecay' in given ? { ...given, weightDecay: (given.weightDecay ?? 0) / rateFactor } : given;
  const settings = { ...usual, learningRate: rateFactor * usual.learningRate };
  const { w, dw, state, decayed } = input;
  const zeros = new Float64Array(w.length);
  if (spec.kind === 'sgd') {
    const { momentum = 0 } = spec;
    const after = sgd({ w, dw, velocity: state.velocity ?? zeros, decayed }, { ...spec, ...settings });
    return { w: after.w, state: momentum === 0 ? {} : { velocity: after.velocity } };
  }
  if (spec.kind === 'adam' || spec.kind === 'adamw') {
    const { mu = zeros, nu = zeros } = state;
    const after = adam(w, dw, mu, nu, decayed, { ...spec, ...settings });
    return { w: after.w, state: { mu: after.mu, nu: after.nu } };
  }
  if (spec.kind === 'rmsprop') {
    const after = rmsprop({ w, dw, nu: state.nu ?? zeros, decayed }, { ...spec, ...settings });
    return { w: after.w, state: { nu: after.nu } };
  }
  const { kind } = spec satisfies never as OptimizerSpec;
  throw new Error(`${kind} has no float64 mirror: add one to src/reference/optimizers.ts`);
}
