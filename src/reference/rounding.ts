/**
 * rounding: how far float32 results of a whole net may be from the float64 truth: measured on the reference itself.
 *
 * Rounding in a sum of products is the exact sum of slightly different products (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2002, §3.1: a backward error of a few u = 2^-24 per term). So the reference is computed again with
 * every parameter and input multiplied by 1 + delta, delta uniform within +-8 u (the factor c = 8 of tolerance.ts), several
 * times, and the largest change of a tensor tells how the net passes rounding on: through its depth, through the
 * cancellation in batch norm's backward pass, through several steps of training. The bound is `safety` times that
 * change, and 8 u of the tensor's largest value for the roundings of its last operation. It is one number per tensor,
 * since its elements are sums of the same kind of terms.
 *
 * Where ReLUs switch within the noise, a gradient jumps, and the bound would be of the size of the gradient: `isTight`
 * tells, and whoever uses the bound must ask.
 */
import type { Numbers } from './numbers.ts';
import { type Comparison, compare } from './tolerance.ts';
import { uniform } from './xorshift.ts';

const u = 2 ** -24;
const noiseSize = 8 * u;
const safety = 2;

/** Returns what it is given, or that with noise. */
export type Noise = (values: Numbers) => Float64Array;

/** Truth and bound of one tensor. */
export interface Expected {
  readonly values: Float64Array;
  readonly largest: number;
  readonly bound: number;
}

export type Results = Readonly<Record<string, Numbers>>;

function noiseOf(seed: number): Noise {
  const next = uniform(seed);
  return (values) => Float64Array.from(values, (value) => value * (1 + noiseSize * next()));
}

function largestOf(values: Numbers): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/**
 * Computes the truth once without noise and `draws` times with it. `compute` applies the noise to parameters and inputs.
 */
export function expectedOf(compute: (noise: Noise) => Results, draws = 12): Record<string, Expected> {
  const truth = compute((values) => Float64Array.from(values));
  const changes = new Map<string, number>();
  for (let draw = 0; draw < draws; draw++) {
    for (const [name, values] of Object.entries(compute(noiseOf(draw)))) {
      const change = largestOf(Float64Array.from(values, (value, i) => value - truth[name]![i]!));
      changes.set(name, Math.max(changes.get(name) ?? 0, change));
    }
  }
  return Object.fromEntries(
    Object.entries(truth).map(([name, values]) => {
      const largest = largestOf(values);
      const bound = safety * changes.get(name)! + noiseSize * largest;
      return [name, { values: Float64Array.from(values), largest, bound }];
    }),
  );
}

/** The bound is at most `relative` of the tensor's largest value. */
export const isTight = ({ bound, largest }: Expected, relative: number): boolean =>
  bound <= relative * largest;

export const compareWith = (actual: Numbers, { values, bound }: Expected): Comparison =>
  compare(actual, values, bound);
