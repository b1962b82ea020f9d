/** gelu: y = x Phi(x), Phi the distribution function of the normal distribution: PyTorch's default, not the tanh form. */
import { expectLength, type Numbers } from './numbers.ts';

/**
 * The error function, to about 1e-15: erf(x) = 2 / sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1) / (1·3·...·(2n+1)), whose terms all have the sign of x
 * (Abramowitz & Stegun 7.1.6).
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Phi(x). */
const distribution = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));

/** y = x Phi(x), any shape. */
export const gelu = (x: Numbers): Float64Array =>
  Float64Array.from(x, (value) => value * distribution(value));

/** Phi(x) + x phi(x): the derivative. */
export const geluSlope = (x: number): number =>
  distribution(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);

/** dx = dy (Phi(x) + x phi(x)). */
export function geluBackward(dy: Numbers, x: Numbers): Float64Array {
  expectLength('geluBackward', 'dy', dy, x.length);
  return Float64Array.from(dy, (value, i) => value * geluSlope(x[i]!));
}
