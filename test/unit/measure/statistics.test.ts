import { describe, expect, test } from 'vitest';
import {
  binomialCdf,
  intervalRank,
  median,
  medianEstimate,
  medianInterval,
  quantile,
  quotientEstimate,
  ratios,
  sorted,
} from '../../../src/measure/statistics.ts';
import { stream } from './simulated-clock.ts';

describe('order statistics', () => {
  test('median of odd, even and no values', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('quantiles of type 7, as NumPy and R have them by default', () => {
    expect(quantile([1, 2, 3, 4, 5], 0.1)).toBeCloseTo(1.4, 12);
    expect(quantile([1, 2, 3, 4, 5], 0.9)).toBeCloseTo(4.6, 12);
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(quantile([7], 0.9)).toBe(7);
  });

  test('sorted: by value, not as text, and a copy', () => {
    const values = [10, 9, 100];
    expect(sorted(values)).toEqual([9, 10, 100]);
    expect(values).toEqual([10, 9, 100]);
  });
});

describe('binomialCdf', () => {
  test('known values', () => {
    expect(binomialCdf(0, 3, 0.5)).toBeCloseTo(1 / 8, 12);
    expect(binomialCdf(1, 3, 0.5)).toBeCloseTo(1 / 2, 12);
    expect(binomialCdf(2, 4, 0.25)).toBeCloseTo(243 / 256, 12);
    expect(binomialCdf(-1, 4, 0.25)).toBe(0);
    expect(binomialCdf(4, 4, 0.25)).toBe(1);
    expect(binomialCdf(3, 4, 1)).toBe(0);
    expect(binomialCdf(5, 1000, 0.001)).toBeCloseTo(0.99941, 4);
  });
});

/** The percentile bootstrap by brute force. */
function drawnBootstrap(values: readonly number[], level: number, draws: number): [number, number] {
  const random = stream(3);
  const medians = Array.from({ length: draws }, () =>
    median(values.map(() => values[random.below(values.length)]!)),
  );
  const ascending = sorted(medians);
  return [quantile(ascending, (1 - level) / 2), quantile(ascending, (1 + level) / 2)];
}

describe('medianInterval', () => {
  test('contains the interval that resampling finds, and at most the next value on either side', () => {
    for (const n of [11, 21, 40, 61]) {
      const random = stream(n);
      const values = sorted(Array.from({ length: n }, () => Math.exp(random.normal())));
      const { low, high } = medianInterval(values, 0.95);
      const [drawnLow, drawnHigh] = drawnBootstrap(values, 0.95, 20_000);
      expect(low).toBeLessThanOrEqual(drawnLow);
      expect(high).toBeGreaterThanOrEqual(drawnHigh);
      const next = (value: number, by: number) => values[values.indexOf(value) + by]!;
      expect(next(low, 2)).toBeGreaterThanOrEqual(drawnLow);
      expect(next(high, -2)).toBeLessThanOrEqual(drawnHigh);
    }
  });

  test('covers the median of any distribution at least as often as its level says', () => {
    for (const level of [0.95, 0.99, 0.999, 0.99997]) {
      for (let n = 6; n <= 101; n++) {
        const rank = intervalRank(n, level);
        if (rank > 0) expect(1 - 2 * binomialCdf(rank - 1, n, 0.5)).toBeGreaterThanOrEqual(level);
      }
    }
  });

  test('too few values for the level: unbounded, so that nothing can be claimed', () => {
    expect(medianInterval([1, 2, 3, 4, 5], 0.95)).toEqual({ low: -Infinity, high: Infinity });
    expect(medianInterval([1, 2, 3, 4, 5, 6, 7], 0.95)).toEqual({ low: 1, high: 7 });
    expect(medianInterval([], 0.95)).toEqual({ low: -Infinity, high: Infinity });
  });

  test('equal values: no width', () => {
    expect(medianEstimate(Array(20).fill(3), 0.95)).toEqual({ value: 3, low: 3, high: 3 });
  });
});

describe('ratios', () => {
  test('round by round, without rounds that one side sat out', () => {
    expect(ratios([2, null, 9, 8], [1, 4, 3, null])).toEqual([2, 3]);
  });
});

describe('quotientEstimate', () => {
  test('of equal samples contains 1; of samples twice as long contains 2', () => {
    const random = stream(1);
    const a = Array.from({ length: 31 }, () => Math.exp(0.05 * random.normal()));
    const b = Array.from({ length: 25 }, () => 2 * Math.exp(0.05 * random.normal()));
    const same = quotientEstimate(a, a, 0.95);
    expect(same.value).toBe(1);
    expect(same.low).toBeLessThan(1);
    expect(same.high).toBeGreaterThan(1);
    const twice = quotientEstimate(b, a, 0.95);
    expect(twice.low).toBeLessThan(2);
    expect(twice.high).toBeGreaterThan(2);
    expect(twice.high - twice.low).toBeLessThan(0.2);
  });

  test('the interval is that of resampling both sides', () => {
    const random = stream(2);
    const a = Array.from({ length: 21 }, () => Math.exp(0.1 * random.normal()));
    const b = Array.from({ length: 21 }, () => Math.exp(0.1 * random.normal()));
    const draw = (values: readonly number[]) =>
      median(values.map(() => values[random.below(values.length)]!));
    const drawn = sorted(Array.from({ length: 20_000 }, () => draw(a) / draw(b)));
    const { low, high } = quotientEstimate(a, b, 0.95);
    expect(low).toBeCloseTo(quantile(drawn, 0.025), 2);
    expect(high).toBeCloseTo(quantile(drawn, 0.975), 2);
  });
});
