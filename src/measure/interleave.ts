// The order in which the rows of a group are timed.
import { fnv1a, mix32, RandomStream } from '../data/random.ts';

/** Random numbers of a group: the same seed and group give the same orders. */
export function groupRandom(seed: number, group: string): RandomStream {
  return new RandomStream([mix32(seed), fnv1a(group), mix32(fnv1a(group) ^ seed), 1]);
}

/**
 * Which rows run in round `round`, in random order. A new order each round makes every row as often the first, and as often
 * the one behind a row that heats the machine or fills its caches; a difference between equal rows is then a fair coin in
 * each round, however the machine drifts.
 *
 * @param strides row i takes part in every strides[i]-th round: `takesPart`
 */
export function roundOrder(random: RandomStream, strides: readonly number[], round: number): number[] {
  const order = Uint32Array.from(strides.keys());
  random.shuffle(order);
  return [...order].filter((row) => takesPart(round, strides[row]!));
}

/**
 * Whether a row of this stride is timed in this round: the last one of each `stride` rounds, so that none is spent on the warm-up. Strides are
 * powers of two, so that any two rows meet in every round of the one with the larger stride.
 */
export const takesPart = (round: number, stride: number): boolean => round % stride === stride - 1;
