import { describe, expect, test } from 'vitest';
import { absMatmul, matmul } from '../../../src/reference/matmul.ts';
import {
  compare,
  describeComparison,
  exact,
  smallestNormal,
  sumBound,
  ulp,
  ulps,
} from '../../../src/reference/tolerance.ts';
import { normalNumbers } from './random-case.ts';

/** The next float32 away from 0, by its bits. */
const next = (x: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  view.setUint32(0, view.getUint32(0) + 1);
  return view.getFloat32(0);
};

describe('ulp', () => {
  test.each([1, 1.5, 2, 3.1, 0.75, 2 ** -126, 2 ** 100, next(1), next(2 ** -126), 2 ** -149, 2 ** -127])(
    'is the distance to the next float32 above %d',
    (x) => {
      expect(ulp(x)).toBe(next(x) - Math.fround(x) || ulp(Math.fround(x)));
      expect(ulp(-x)).toBe(ulp(x));
    },
  );

  test('both sides of a power of two, without rounding to float32 first', () => {
    expect(ulp(2)).toBe(2 ** -22);
    expect(ulp(2 - 2 ** -40)).toBe(2 ** -23);
    expect(ulp(1)).toBe(2 ** -23);
    expect(ulp(1 - 2 ** -53)).toBe(2 ** -24);
  });

  test('subnormals, 0, the largest and what is not finite', () => {
    expect(ulp(2 ** -126)).toBe(2 ** -149);
    expect(ulp(2 ** -127)).toBe(2 ** -149);
    expect(ulp(0)).toBe(2 ** -149);
    expect(ulp(5e-324)).toBe(2 ** -149);
    expect(ulp(2 ** -125)).toBe(2 ** -148);
    expect(ulp(2 ** 127)).toBe(2 ** 104);
    expect(ulp(1e300)).toBe(2 ** 104);
    expect(ulp(Number.POSITIVE_INFINITY)).toBeNaN();
    expect(ulp(Number.NaN)).toBeNaN();
  });
});

describe('ulps', () => {
  test('n float32 numbers away is within, n + 1 is not', () => {
    const up3 = next(next(next(1)));
    expect(compare([up3], [1], ulps([1], 3)).ok).toBe(true);
    expect(compare([next(up3)], [1], ulps([1], 3)).ok).toBe(false);
  });

  test('flushing to 0 is allowed only where it can happen', () => {
    const tiny = 2 ** -127;
    expect(compare([0], [tiny], ulps([tiny], 1)).ok).toBe(true);
    expect(compare([0], [smallestNormal], ulps([smallestNormal], 1)).ok).toBe(true);
    expect(compare([0], [2 * smallestNormal], ulps([2 * smallestNormal], 1)).ok).toBe(false);
  });
});

describe('sumBound', () => {
  test('c sqrt(terms) 2^-24 sumAbs and the floor', () => {
    expect([...sumBound([2 ** 24, 2 ** 25], 9)]).toEqual([24, 48]);
    expect([...sumBound(2 ** 24, 9, 4)]).toEqual([12]);
    expect([...sumBound(0, 9)]).toEqual([9 * 2 ** -126]);
  });

  test.each([1, 2, 17, 1000, 3072])(
    'float32 dot products of %d terms are within, a lost term is not',
    (K) => {
      const normal = normalNumbers(K);
      const shape = { M: 20, K, N: 3 };
      const x = Float32Array.from(normal(shape.M * K));
      const w = Float32Array.from(normal(K * shape.N));
      const actual = new Float32Array(shape.M * shape.N);
      const lost = new Float32Array(shape.M * shape.N);
      for (let m = 0; m < shape.M; m++) {
        for (let n = 0; n < shape.N; n++) {
          for (let k = 0; k < K; k++) {
            const product = Math.fround(x[m * K + k]! * w[k * shape.N + n]!);
            actual[m * shape.N + n]! += product;
            if (k !== K - 1) lost[m * shape.N + n]! += product;
          }
        }
      }
      const expected = matmul(x, w, null, shape);
      const bound = sumBound(absMatmul(x, w, null, shape), K);
      expect(compare(actual, expected, bound).ok).toBe(true);
      expect(compare(lost, expected, bound).ok).toBe(false);
    },
  );
});

describe('compare', () => {
  test('at the bound is within, above is not', () => {
    expect(compare([1.5], [1], 0.5)).toMatchObject({ ok: true, failures: 0, count: 1, worst: { ratio: 1 } });
    expect(compare([1.5 + 2 ** -52], [1], 0.5)).toMatchObject({ ok: false, failures: 1 });
  });

  test('finds the worst element by its own bound', () => {
    const result = compare([1.1, 5, 3], [1, 4, 3], [0.01, 1, 0]);
    expect(result).toMatchObject({ ok: false, failures: 1, count: 3, nonFinite: 0 });
    expect(result.worst).toMatchObject({ index: 0, actual: 1.1, expected: 1, bound: 0.01 });
    expect(describeComparison(result)).toContain('1 of 3 elements out of bound; worst [0]: got 1.1');
  });

  test('exact: any difference fails, the sign of 0 is none', () => {
    expect(compare([0, 1], [-0, 1], exact).ok).toBe(true);
    expect(compare([5e-324], [0], exact)).toMatchObject({
      ok: false,
      worst: { ratio: Number.POSITIVE_INFINITY },
    });
  });

  test('NaN and infinity fail whatever the bound', () => {
    const everything = Number.POSITIVE_INFINITY;
    expect(compare([1, Number.NaN], [1, 1], everything)).toMatchObject({
      ok: false,
      nonFinite: 1,
      worst: { index: 1 },
    });
    expect(compare([Number.NaN], [Number.NaN], everything).ok).toBe(false);
    expect(compare([1], [Number.NaN], everything).ok).toBe(false);
    expect(compare([everything], [1], everything)).toMatchObject({ ok: false, nonFinite: 1 });
    expect(compare([everything], [-everything], everything).ok).toBe(false);
    expect(compare([everything], [everything], 0)).toMatchObject({ ok: true, nonFinite: 1 });
  });

  test('a bound that says nothing, and arrays of different length, are mistakes of the caller', () => {
    expect(() => compare([1], [1], Number.NaN)).toThrow('bound[0] must not be negative');
    expect(() => compare([1], [1], [-1])).toThrow('bound[0] must not be negative');
    expect(() => compare([1], [1, 2], 1)).toThrow('actual must have 2 elements, got 1');
    expect(() => compare([1], [1], [1, 1])).toThrow('bound must have 1 elements, got 2');
  });

  test('nothing to compare is said', () => {
    expect(compare([], [], 0)).toEqual({ ok: true, worst: null, nonFinite: 0, failures: 0, count: 0 });
    expect(describeComparison(compare([], [], 0))).toBe('nothing to compare');
  });
});
