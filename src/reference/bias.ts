/** bias: the gradient of a bias that was added to each row, db[n] = sum over m of dy[m, n]. */
import { expectLength, type Numbers } from './numbers.ts';

function columnSums(a: Numbers, M: number, N: number, map: (value: number) => number): Float64Array {
  expectLength('biasGrad', 'dy', a, M * N);
  const sums = new Float64Array(N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) sums[n]! += map(a[m * N + n]!);
  }
  return sums;
}

/** db (N) = column sums of dy (M, N). */
export const biasGrad = (dy: Numbers, M: number, N: number): Float64Array =>
  columnSums(dy, M, N, (value) => value);

/** Column sums of |dy|, M terms: the scale of `biasGrad`'s rounding error. */
export const absBiasGrad = (dy: Numbers, M: number, N: number): Float64Array =>
  columnSums(dy, M, N, Math.abs);
