// Optimizers and schedules as settings, with defaults: what users of the library write.
import { type AdamSpec, adam as adamKind } from './adam.ts';
import { type AdamWSpec, adamw as adamwKind } from './adamw.ts';
import { type RmspropSpec, rmsprop as rmspropKind } from './rmsprop.ts';
import type { Schedule } from './schedule.ts';
import { type SgdSpec, sgd as sgdKind } from './sgd.ts';
import { withGiven } from './with-given.ts';

type Given<S> = Partial<Omit<S, 'kind'>>;

/** Stochastic gradient descent; `momentum`, `nesterov` and `weightDecay` as in PyTorch. */
export const sgd = (given: Given<SgdSpec> = {}): SgdSpec => withGiven(sgdKind.defaults, given);

/** Adam: `b1` 0.9, `b2` 0.999, `eps` 1e-8. */
export const adam = (given: Given<AdamSpec> = {}): AdamSpec => withGiven(adamKind.defaults, given);

/** AdamW: Adam with a decoupled `weightDecay`, 0.01. */
export const adamw = (given: Given<AdamWSpec> = {}): AdamWSpec => withGiven(adamwKind.defaults, given);

/** RMSprop: `b2` 0.99, `eps` 1e-8. */
export const rmsprop = (given: Given<RmspropSpec> = {}): RmspropSpec =>
  withGiven(rmspropKind.defaults, given);

/** One learning rate for all steps. */
export const constant = (rate: number): Schedule => ({ kind: 'constant', rate });

type Cyclical = Extract<Schedule, { kind: 'cyclical' }>;

/** Triangles between `min` and `max`, each of `2 * halfCycle` steps. */
export const cyclical = (
  given: Pick<Cyclical, 'min' | 'max' | 'halfCycle'> & Partial<Omit<Cyclical, 'kind'>>,
): Schedule => withGiven({ kind: 'cyclical' as const, decay: 1 }, given);
