/**
 * tolerance: how far a float32 result may be from the float64 truth, derived and not guessed.
 *
 * Notation: u = 2^-24, half the distance between 1 and the next float32: a correctly rounded operation has relative
 * error at most u. WGSL calls + - * correctly rounded but leaves the direction open and may contract a * b + c, so one
 * operation errs by up to 1 ULP = 2 u (https://www.w3.org/TR/WGSL/#floating-point-accuracy).
 *
 * - **Exact** (copies, ReLU, integers): bound 0.
 * - **Elementwise maths**: `ulps(expected, n)`, n ULPs at the magnitude of the expected value; only where no terms
 *   cancel. Where they may, the scale is the sum of the terms' absolute values: `sumBound`.
 * - **Sums**: `sumBound(sumAbs, terms)`.
 */
import { expectLength, type Numbers } from './numbers.ts';

/** Smallest normal float32; WGSL may flush what is smaller to 0. */
export const smallestNormal = 2 ** -126;

/** The bound of results that must be the same number (+0 and -0 are). */
export const exact = 0;

const bits = new DataView(new ArrayBuffer(8));

/**
 * Distance between neighbouring float32 numbers at the magnitude of x: 2^(e - 23) for 2^e <= |x| < 2^(e + 1), so at a power
 * of two the larger of its two sides; 2^-149 for 0 and subnormals; 2^104 from 2^127 on; NaN for what is not finite. x is
 * a float64 and is not rounded first: for 2 - 2^-40 it is 2^-23.
 */
export function ulp(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  bits.setFloat64(0, x);
  const exponent = ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

/**
 * `n` ULPs at each expected value, plus `smallestNormal` where a result that far off may be flushed to 0.
 * @returns a bound for each element
 */
export function ulps(expected: Numbers, n: number): Float64Array {
  return Float64Array.from(expected, (value) => {
    const bound = n * ulp(value);
    return Math.abs(value) - bound < smallestNormal ? bound + smallestNormal : bound;
  });
}

/** The factor c of `sumBound` where the caller names none. */
export const sumFactor = 8;

/**
 * c sqrt(terms) 2^-24 sumAbs + terms 2^-126: the bound of a sum of `terms` products whose absolute values add up to
 * `sumAbs`, computed in float32 in any order.
 *
 * Derivation. Each of the n additions and products multiplies the partial result by 1 + delta, |delta| <= u. The
 * guaranteed bound is n u sumAbs (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1). Rounding errors
 * of random sign do not all point the same way: with probability at least 1 - 2 n exp(-c^2 / 2) the error stays
 * under c sqrt(n) u sumAbs to first order (Higham & Mary 2019, https://doi.org/10.1137/18M1226312). c = 8 makes the
 * probability of failure under 3e-14 n, and covers the guaranteed bound up to n = 64 terms, or up to 16 for an adapter that
 * rounds towards zero. A real mistake (a term left out, one counted twice) errs by about sumAbs / n: it is seen where
 * c n^1.5 u < 1, that is up to some 16,000 terms for c = 8. Sums in blocks or trees err less.
 *
 * The floor: each product smaller than 2^-126 may be flushed to 0.
 *
 * @param sumAbs the `abs` companion of a reference function, one per element (or one for all)
 * @param terms how many numbers each sum adds
 */
export function sumBound(sumAbs: Numbers | number, terms: number, c = sumFactor): Float64Array {
  const scale = typeof sumAbs === 'number' ? [sumAbs] : sumAbs;
  const factor = c * Math.sqrt(terms) * 2 ** -24;
  return Float64Array.from(scale, (value) => factor * value + terms * smallestNormal);
}

/** One element of a comparison. */
export interface ComparedElement {
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  readonly bound: number;
  /** |actual - expected| / bound: over 1 fails; Infinity for NaN, and for any difference where the bound is 0. */
  readonly ratio: number;
}

/** The outcome of `compare`. */
export interface Comparison {
  /** Every element is within its bound. */
  readonly ok: boolean;
  /** The element with the largest ratio, the first of several; `null` for empty arrays. */
  readonly worst: ComparedElement | null;
  /** How many elements of `actual` are NaN or infinite. */
  readonly nonFinite: number;
  /** How many elements are outside their bound. */
  readonly failures: number;
  /** How many elements were compared. */
  readonly count: number;
}

/**
 * Compares element by element. A NaN on either side fails, and so does an infinite value that is not the expected one,
 * whatever the bound.
 * @param bound one for each element, or one number for all; not negative
 * @throws RangeError for arrays of different length, and for a bound that is negative or NaN
 */
export function compare(actual: Numbers, expected: Numbers, bound: Numbers | number): Comparison {
  expectLength('compare', 'actual', actual, expected.length);
  if (typeof bound !== 'number') expectLength('compare', 'bound', bound, expected.length);
  let worst: ComparedElement | null = null;
  let nonFinite = 0;
  let failures = 0;
  for (let index = 0; index < expected.length; index++) {
    const a = actual[index]!;
    const e = expected[index]!;
    const limit = typeof bound === 'number' ? bound : bound[index]!;
    if (!(limit >= 0)) throw new RangeError(`compare: bound[${index}] must not be negative, got ${limit}`);
    if (!Number.isFinite(a)) nonFinite++;
    const difference = Math.abs(a - e);
    let ratio = Number.POSITIVE_INFINITY;
    if (a === e) ratio = 0;
    else if (Number.isFinite(difference) && limit > 0) ratio = difference / limit;
    if (ratio > 1) failures++;
    if (!worst || ratio > worst.ratio) worst = { index, actual: a, expected: e, bound: limit, ratio };
  }
  return { ok: failures === 0, worst, nonFinite, failures, count: expected.length };
}

/** One line for an error message: how many failed, and the worst element. */
export function describeComparison({ ok, worst, nonFinite, failures, count }: Comparison): string {
  if (!worst) return 'nothing to compare';
  const { index, actual, expected, bound, ratio } = worst;
  const verdict = ok
    ? `${count} elements within their bounds`
    : `${failures} of ${count} elements out of bound`;
  const strange = nonFinite > 0 ? `, ${nonFinite} not finite` : '';
  return `${verdict}${strange}; worst [${index}]: got ${actual}, expected ${expected}, bound ${bound}, ratio ${ratio}`;
}
