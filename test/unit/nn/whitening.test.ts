/** Eigenvectors, and the filters that whiten made of them. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/data/random.ts';
import { symmetricEigen } from '../../../src/nn/symmetric-eigen.ts';
import { secondMoments, whiteningFilters } from '../../../src/nn/whitening.ts';

const random = randomStream(3, 'weights', 0);

describe('symmetricEigen', () => {
  test('two by two, by hand', () => {
    const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    expect(Math.abs(vectors[0]![0]! - vectors[0]![1]!)).toBeLessThan(1e-14);
    expect(Math.abs(vectors[1]![0]! + vectors[1]![1]!)).toBeLessThan(1e-14);
  });

  test.each([1, 3, 12, 27])(
    'a random matrix of %i rows: A v = value v, orthonormal, the largest first',
    (n) => {
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
      const { values, vectors } = symmetricEigen(a, n);
      const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
        Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
      for (const [i, vector] of vectors.entries()) {
        if (i > 0) expect(values[i]).toBeLessThanOrEqual(values[i - 1]!);
        for (let row = 0; row < n; row++) {
          const product = dot(a.subarray(row * n, (row + 1) * n), vector);
          expect(Math.abs(product - values[i]! * vector[row]!)).toBeLessThan(1e-12);
        }
        for (const [j, other] of vectors.entries()) {
          expect(Math.abs(dot(vector, other) - (i === j ? 1 : 0))).toBeLessThan(1e-13);
        }
      }
    },
  );

  test('a diagonal with equal values, and zeros', () => {
    expect(symmetricEigen([2, 0, 0, 0, 2, 0, 0, 0, 0], 3).values).toEqual([2, 2, 0]);
    expect(symmetricEigen([0, 0, 0, 0], 2).values).toEqual([0, 0]);
  });

  test('a matrix of more values than a function may have arguments', () => {
    const n = 400;
    const unit = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    expect(new Set(symmetricEigen(unit, n).values)).toEqual(new Set([1]));
  });

  test('refuses what is not square, or no number', () => {
    expect(() => symmetricEigen([1, 2, 3], 2)).toThrow('has 4 values, not 3');
    expect(() => symmetricEigen([1, Number.NaN, 0, 1], 2)).toThrow('not finite');
  });
});

/** Images whose neighbouring pixels and channels are alike. */
const image = { channels: 3, height: 9, width: 7 };
const count = 40;
const values = Float32Array.from({ length: count * 189 }, () => 0);
for (let i = 0; i < values.length; i++) {
  values[i] = 0.6 * random.normal() + 0.7 * (values[i - 1] ?? 0) + 0.2 * (values[i - 63] ?? 0);
}

test('second moments by the definition', () => {
  const moments = secondMoments({ values, ...image }, 2);
  // Channel 2, row 0, column 1 with channel 0, row 1, column 0.
  let sum = 0;
  for (let n = 0; n < count; n++)
    for (let row = 0; row < 8; row++)
      for (let column = 0; column < 6; column++) {
        const at = (channel: number, y: number, x: number) => values[((n * 3 + channel) * 9 + y) * 7 + x]!;
        sum += at(2, row, column + 1) * at(0, row + 1, column);
      }
  expect(moments[9 * 12 + 2]).toBeCloseTo(sum / (count * 48), 10);
  expect(moments[2 * 12 + 9]).toBe(moments[9 * 12 + 2]);
});

test('what the filters make has variance 1 and is not correlated; the second half is the first, turned round', () => {
  const filters = whiteningFilters({ values, ...image }, 2);
  const moments = secondMoments({ values, ...image }, 2);
  expect(filters).toHaveLength(24 * 12);
  for (let i = 0; i < 12; i++) {
    for (let k = 0; k < 12; k++) expect(filters[(12 + i) * 12 + k]).toBe(-filters[i * 12 + k]!);
    for (let j = 0; j <= i; j++) {
      let covariance = 0;
      for (let k = 0; k < 12; k++)
        for (let l = 0; l < 12; l++)
          covariance += filters[i * 12 + k]! * moments[k * 12 + l]! * filters[j * 12 + l]!;
      // eps takes a little of the variance: 5e-4 of eigenvalues of 0.02 and more.
      if (i === j) expect(covariance).toBeGreaterThan(0.95);
      if (i === j) expect(covariance).toBeLessThan(1);
      else expect(Math.abs(covariance)).toBeLessThan(1e-5);
    }
  }
});

test('no images', () => {
  expect(() => whiteningFilters({ values: [], ...image }, 2)).toThrow('there are no images');
});
