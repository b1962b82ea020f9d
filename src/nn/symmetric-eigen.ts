/** Eigenvalues, the largest first, and the eigenvector (n) of each, of length 1. */
export interface Eigen {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
}

/** Sweeps after which a matrix of numbers is diagonal to the last bit; a dozen is usual. */
const maxSweeps = 64;

/**
 * Of a symmetric matrix (n, n), row by row, by Jacobi's rotations (Golub & Van Loan, Matrix Computations, 4th ed., §8.5): for small n.
 * @throws RangeError for a matrix that is not square, or holds what is no number
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen {
  const a = Float64Array.from(matrix);
  if (a.length !== n * n)
    throw new RangeError(`a matrix of ${n} x ${n} has ${n * n} values, not ${a.length}`);
  if (!a.every(Number.isFinite)) throw new RangeError('a matrix with values that are not finite');
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  for (let sweep = 0; sweep < maxSweeps && offDiagonal(a, n) > Number.EPSILON * 1e-3 * scale; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  return {
    values: order.map((i) => a[i * n + i]!),
    vectors: order.map((i) => Float64Array.from({ length: n }, (_, row) => v[row * n + i]!)),
  };
}

/** Largest absolute value off the diagonal. */
function offDiagonal(a: Float64Array, n: number): number {
  let largest = 0;
  for (let i = 0; i < n * n; i++) if (i % (n + 1) !== 0) largest = Math.max(largest, Math.abs(a[i]!));
  return largest;
}

/** A rotation in the plane of p and q that makes a(p, q) 0; v collects the rotations. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  const mix = (m: Float64Array, i: number, j: number) => {
    const [x, y] = [m[i]!, m[j]!];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < n; k++) mix(a, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) mix(a, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) mix(v, k * n + p, k * n + q);
}
