/**
 * Statistics of timings. Timings are skewed and have outliers, so everything here rests on order statistics.
 *
 * Intervals are percentile bootstrap intervals of the median (Efron 1979, https://doi.org/10.1214/aos/1176344552), computed
 * exactly instead of by drawing resamples: of n sorted values x_1 <= ... <= x_n, the median of a resample is at most
 * x_k where at least half of its n draws are, and each draw is with probability k/n:
 *
 *     P(median* <= x_k) = P(Binomial(n, k/n) >= (n + 1) / 2)
 *
 * That is what infinitely many resamples would give: no seed, no noise of its own, microseconds. Of few values the
 * percentile bootstrap is a little narrow, so that an interval is widened to the one of the sign test (distribution-free,
 * from P(Binomial(n, 1/2) <= k)) where that is wider. The coverage is then at least the nominal one, whatever the distribution.
 */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate extends Interval {
  readonly value: number;
}

/** Nothing is known: the interval of too few values for its level. */
const unbounded: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

export const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** Quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996); NaN of none. */
export function quantile(ascending: readonly number[], p: number): number {
  const place = (ascending.length - 1) * p;
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(sorted(values), 0.5);

const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  return logFactorials[n]!;
}

/** P(X <= k) of X ~ Binomial(n, p). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  let total = 0;
  for (let i = 0; i <= k; i++) {
    const logChoose = logFactorial(n) - logFactorial(i) - logFactorial(n - i);
    total += Math.exp(logChoose + i * Math.log(p) + (n - i) * Math.log1p(-p));
  }
  return Math.min(total, 1);
}

const ranks = new Map<string, number>();

/**
 * The k for which [x_k, x_(n + 1 - k)] of n sorted values is the interval of the median at this level; 0 where n is too small
 * for any. Of an even n, bootstrap medians count as the lower of the two middle values: never too narrow.
 */
export function intervalRank(n: number, level: number): number {
  const key = `${n} ${level}`;
  let rank = ranks.get(key);
  if (rank === undefined) {
    const tail = (1 - level) / 2;
    const half = Math.ceil(n / 2);
    const fits = (k: number) =>
      1 - binomialCdf(half - 1, n, k / n) <= tail && binomialCdf(k - 1, n, 0.5) <= tail;
    rank = 0;
    while (rank < half && fits(rank + 1)) rank++;
    ranks.set(key, rank);
  }
  return rank;
}

/** Interval of the median; unbounded where there are too few values for the level. */
export function medianInterval(values: readonly number[], level: number): Interval {
  const rank = intervalRank(values.length, level);
  if (rank === 0) return unbounded;
  const ascending = sorted(values);
  return { low: ascending[rank - 1]!, high: ascending[values.length - rank]! };
}

export const medianEstimate = (values: readonly number[], level: number): Estimate => ({
  value: median(values),
  ...medianInterval(values, level),
});

/** Ratios a/b round by round; rounds in which one of them has no timing are left out. */
export function ratios(a: readonly (number | null)[], b: readonly (number | null)[]): number[] {
  const result: number[] = [];
  for (let round = 0; round < Math.min(a.length, b.length); round++) {
    const top = a[round];
    const bottom = b[round];
    if (typeof top === 'number' && typeof bottom === 'number' && bottom > 0) result.push(top / bottom);
  }
  return result;
}

/** P(median* = x_k), k = 1..n: the bootstrap distribution of the median, of an even n that of the lower one. */
function medianMasses(n: number): number[] {
  const half = Math.ceil(n / 2);
  const atMost = Array.from({ length: n + 1 }, (_, k) => 1 - binomialCdf(half - 1, n, k / n));
  return atMost.slice(1).map((mass, k) => mass - atMost[k]!);
}

/**
 * median(a) / median(b) of timings that were not taken side by side (two runs): the exact bootstrap distribution of the
 * quotient of the two medians, resampled independently.
 */
export function quotientEstimate(a: readonly number[], b: readonly number[], level: number): Estimate {
  const value = median(a) / median(b);
  if (intervalRank(a.length, level) === 0 || intervalRank(b.length, level) === 0)
    return { value, ...unbounded };
  const [x, y] = [sorted(a), sorted(b)];
  const [px, py] = [medianMasses(a.length), medianMasses(b.length)];
  const outcomes = x.flatMap((top, i) =>
    y.map((bottom, j) => ({ ratio: top / bottom, mass: px[i]! * py[j]! })),
  );
  outcomes.sort((one, other) => one.ratio - other.ratio);
  const tail = (1 - level) / 2;
  return {
    value,
    low: Math.min(value, whereMassExceeds(outcomes, tail)),
    high: Math.max(value, whereMassExceeds(outcomes.reverse(), tail)),
  };
}

/** The last outcome, counted from the start, up to which the mass is at most `tail`. */
function whereMassExceeds(
  outcomes: readonly { readonly ratio: number; readonly mass: number }[],
  tail: number,
): number {
  let mass = 0;
  let last = outcomes[0]!.ratio;
  for (const outcome of outcomes) {
    mass += outcome.mass;
    if (mass > tail) return last;
    last = outcome.ratio;
  }
  return last;
}
