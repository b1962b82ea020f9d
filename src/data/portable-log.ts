/**
 * Natural logarithm with the same bits in every JavaScript engine.
 *
 * `Math.log` is implementation-defined: engines differ in the last bit, and with it the initial weights of a seed would.
 * This one uses only +, -, * and /, which IEEE 754 and the language define exactly.
 * Method: x = m * 2^k with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh(s), s = (m - 1) / (m + 1), by its power series.
 * |s| <= 0.1716, so the first term left out, s^23 / 23 * 2, is below 3e-19.
 *
 * @param x a normal, positive, finite number
 * @returns log(x), within 2 units in the last place
 * @throws RangeError for any other number
 */
export function portableLog(x: number): number {
  if (!(x >= SMALLEST_NORMAL && x < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`portableLog: ${x} is not a positive normal number`);
  }
  let m = x;
  let k = 0;
  for (; m >= Math.SQRT2; k++) m /= 2; // exact: a power of two
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let series = 0;
  for (let n = LAST_TERM; n >= 3; n -= 2) series = (series + 1 / n) * s2;
  return k * LN2_HIGH + (k * LN2_LOW + 2 * (s * series) + 2 * s);
}

const SMALLEST_NORMAL = 2 ** -1022;
const LAST_TERM = 21;
// ln 2 in two parts; the high one has 32 significant bits, so that k * LN2_HIGH is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
