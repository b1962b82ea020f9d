// What a search tries: values of lambda and of the largest learning rate, from lists and ranges.
import type { RandomStream } from '../data/random.ts';

/** What a setting may be: one of some values, or anything between two, on a logarithmic scale. */
export type Axis =
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

/** A choice of what may differ between the replicas of a population. */
export interface Point {
  readonly lambda: number;
  /** Largest learning rate of the schedule. */
  readonly lrMax: number;
}

/** An axis for each coordinate of a point. */
export type Space = { readonly [name in keyof Point]: Axis };

/** Three digits: a value can be typed, and a training with what was typed is the same one. */
const rounded = (value: number): number => Number(value.toPrecision(3));

/** The value at `place`, 0 to 1, of a range on its logarithmic scale. */
const valueAt = (low: number, high: number, place: number): number => rounded(low * (high / low) ** place);

/** Every value of a list; of a range `perRange` values at equal logarithmic distances, both ends among them. */
function gridValues(axis: Axis, perRange: number): readonly number[] {
  if (axis.kind === 'values') return axis.values;
  const { low, high } = axis;
  return Array.from({ length: perRange }, (_, i) =>
    valueAt(low, high, perRange === 1 ? 0.5 : i / (perRange - 1)),
  );
}

/** Every combination, lambda changing fastest. */
export function gridPoints({ lambda, lrMax }: Space, perRange: number): Point[] {
  const lambdas = gridValues(lambda, perRange);
  return gridValues(lrMax, perRange).flatMap((rate) => lambdas.map((one) => ({ lambda: one, lrMax: rate })));
}

/** A number in each of `samples` equal parts of 0 to 1, in random order. */
function stratified(samples: number, stream: RandomStream): number[] {
  const parts = Uint32Array.from({ length: samples }, (_, i) => i);
  stream.shuffle(parts);
  return Array.from(parts, (part) => (part + stream.float()) / samples);
}

/**
 * `samples` random points (a Latin hypercube: https://doi.org/10.2307/1268522): log-uniform in each range, and evenly spread, one
 * in each of as many equal parts of its logarithmic scale; the values of a list come equally often, as far as that is possible.
 */
export function randomPoints({ lambda, lrMax }: Space, samples: number, stream: RandomStream): Point[] {
  const draw = (axis: Axis) =>
    stratified(samples, stream).map((place) =>
      axis.kind === 'values'
        ? axis.values[Math.floor(place * axis.values.length)]!
        : valueAt(axis.low, axis.high, place),
    );
  const [lambdas, rates] = [draw(lambda), draw(lrMax)];
  return lambdas.map((one, i) => ({ lambda: one, lrMax: rates[i]! }));
}

/**
 * The range to look at more closely: from the smallest to the largest of the best quarter of what was tried (at least three, the
 * best first in `ranked`), and on both sides as much as lies between two tries on average, within the axis. A list stays as it is.
 */
export function narrowed(axis: Axis, ranked: readonly number[]): Axis {
  if (axis.kind === 'values' || ranked.length === 0) return axis;
  const best = ranked.slice(0, Math.max(3, Math.ceil(ranked.length / 4)));
  const gap = (axis.high / axis.low) ** (1 / ranked.length);
  return {
    kind: 'range',
    low: Math.max(axis.low, rounded(Math.min(...best) / gap)),
    high: Math.min(axis.high, rounded(Math.max(...best) * gap)),
  };
}
