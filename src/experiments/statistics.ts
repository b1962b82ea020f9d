// Statistics over seeds. Distributions and moments are jstat's.
import jstat from 'jstat';
import { randomStream } from '../data/random.ts';

/** Ends of an interval. */
export type Interval = readonly [low: number, high: number];

/** The probability with which an interval covers, and 1 - the level of a test. */
export const confidence = 0.95;

/** Needs that are told in words: "needs at least 2 seeds". */
function requireTwo(values: readonly number[], what: string): void {
  if (values.length < 2) throw new RangeError(`${what} needs at least 2 seeds, got ${values.length}`);
}

export const mean = (values: readonly number[]): number => jstat.mean(values);

/** Standard deviation with n - 1. @throws RangeError for fewer than 2 values */
export function standardDeviation(values: readonly number[]): number {
  requireTwo(values, 'a standard deviation');
  // Equal values have a mean that rounding moves off them.
  return values.every((value) => value === values[0]) ? 0 : jstat.stdev(values, true);
}

/** Half the width of Student's interval of the mean. @throws RangeError for fewer than 2 values */
export function meanMargin(values: readonly number[]): number {
  requireTwo(values, 'an interval');
  const n = values.length;
  return (quantileOfT(n - 1) * standardDeviation(values)) / Math.sqrt(n);
}

/**
 * Where one more run would lie (a prediction interval): wider than the interval of the mean.
 * @throws RangeError for fewer than 2 values
 */
export function predictionInterval(values: readonly number[]): Interval {
  requireTwo(values, 'an interval');
  const n = values.length;
  const margin = quantileOfT(n - 1) * standardDeviation(values) * Math.sqrt(1 + 1 / n);
  return [mean(values) - margin, mean(values) + margin];
}

const quantileOfT = (degrees: number): number => jstat.studentt.inv((1 + confidence) / 2, degrees);

/**
 * Wilson's interval of a share that was found in n independent images (https://doi.org/10.2307/2276774): what the share may be
 * among all images like these, for the same net. It knows nothing of seeds.
 */
export function binomialInterval(share: number, n: number): Interval {
  const z = jstat.normal.inv((1 + confidence) / 2, 0, 1);
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const margin = (z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n);
  return [Math.max(0, centre - margin), Math.min(1, centre + margin)];
}

/** a[i] - b[i], without the noise of the subtraction: accuracies are fractions of at most 10,000 images, so 12 digits are theirs. */
export function differences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} values are no pairs`);
  return a.map((value, i) => Number((value - b[i]!).toFixed(12)));
}

/**
 * Two-sided p-value of the paired t test: Student's test that the mean of the differences is 0. All differences 0: 1.
 * Null where they are equal and not 0: there is no spread to compare the mean with.
 * @throws RangeError for fewer than 2 differences
 */
export function pairedTTest(ofPairs: readonly number[]): number | null {
  requireTwo(ofPairs, 'a paired t test');
  if (standardDeviation(ofPairs) === 0) return ofPairs[0] === 0 ? 1 : null;
  return jstat.ttest(0, ofPairs, 2);
}

/** Up to so many pairs every choice of signs is tried: 65,536. */
const exactPairs = 16;
const randomFlips = 100_000;

/** In which ways the permutation test of `n` pairs flips their signs, and what it cannot fall under. */
export const signFlips = (n: number): { readonly ways: string; readonly least: number } =>
  n <= exactPairs
    ? { ways: 'in all ways', least: 2 / 2 ** n }
    : { ways: `in ${randomFlips.toLocaleString('en')} random ways`, least: 1 / (randomFlips + 1) };

/**
 * Two-sided p-value of the permutation test for pairs: how often the sum of the differences, with signs chosen at random, is as far
 * from 0 as it is. Exact up to 16 pairs, else from 100,000 seeded choices. It assumes no distribution, but cannot fall under
 * the least of `signFlips` (0.0625 for 5).
 * @throws RangeError for fewer than 2 differences
 */
export function signFlipTest(ofPairs: readonly number[], seed = 1): number {
  requireTwo(ofPairs, 'a permutation test');
  const n = ofPairs.length;
  // A sum in another order may round differently: as far as makes no odds.
  const size = ofPairs.reduce((sum, value) => sum + Math.abs(value), 0);
  const observed = Math.abs(ofPairs.reduce((sum, value) => sum + value, 0)) - 1e-12 * size;
  const isAsFar = (flipped: (i: number) => boolean): boolean => {
    const sum = ofPairs.reduce((total, value, i) => total + (flipped(i) ? -value : value), 0);
    return Math.abs(sum) >= observed;
  };
  let far = 0;
  if (n <= exactPairs) {
    for (let signs = 0; signs < 2 ** n; signs++) if (isAsFar((i) => ((signs >> i) & 1) === 1)) far++;
    return far / 2 ** n;
  }
  const stream = randomStream(seed, 'statistics', 0);
  for (let draw = 0; draw < randomFlips; draw++) if (isAsFar(() => stream.below(2) === 1)) far++;
  return (far + 1) / (randomFlips + 1);
}

const resamples = 10_000;

/**
 * Percentile bootstrap interval of the mean (Efron 1979, https://doi.org/10.1214/aos/1176344552), seeded. With few values it is
 * too narrow: Student's is the one to go by.
 * @throws RangeError for fewer than 2 values
 */
export function bootstrapInterval(values: readonly number[], seed = 1): Interval {
  requireTwo(values, 'a bootstrap interval');
  const stream = randomStream(seed, 'statistics', 1);
  const means = Array.from({ length: resamples }, () =>
    mean(values.map(() => values[stream.below(values.length)]!)),
  );
  const [low, high] = jstat.quantiles(means, [(1 - confidence) / 2, (1 + confidence) / 2]);
  return [low!, high!];
}

/**
 * Holm's correction of p-values for testing several hypotheses (https://www.jstor.org/stable/4615733): rejecting those that stay
 * under a level errs, in any of them, with at most that probability. Null: not tested, not counted.
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tested = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let largest = 0;
  for (const [rank, { p, index }] of tested.entries()) {
    largest = Math.max(largest, Math.min(1, (tested.length - rank) * p));
    adjusted[index] = largest;
  }
  return adjusted;
}

/** Power of a two-sided paired t test with n pairs at level 1 - `confidence`, for a difference of `effect` standard deviations. */
export function powerOfPairedT(effect: number, n: number): number {
  const critical = quantileOfT(n - 1);
  const shift = effect * Math.sqrt(n);
  return (
    1 -
    jstat.noncentralt.cdf(critical, n - 1, shift) +
    (shift < 5 ? jstat.noncentralt.cdf(-critical, n - 1, shift) : 0)
  );
}

/** The power that `seedsNeeded` asks for. */
export const wantedPower = 0.8;
/** Nobody trains more. */
const mostSeeds = 10_000;

/**
 * Seeds with which a paired t test sees, with probability 0.8, a true difference of `difference`, where the differences of single
 * seeds have this standard deviation. Null: more than 10,000.
 */
export function seedsNeeded(standardDeviationOfPairs: number, difference: number): number | null {
  if (standardDeviationOfPairs === 0) return 2;
  const effect = difference / standardDeviationOfPairs;
  const enough = (n: number) => powerOfPairedT(effect, n) >= wantedPower;
  // The power grows with n: bisection.
  let [low, high] = [1, 2];
  while (!enough(high)) {
    if (high === mostSeeds) return null;
    [low, high] = [high, Math.min(2 * high, mostSeeds)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
