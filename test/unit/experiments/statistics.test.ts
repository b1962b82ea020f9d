import { describe, expect, test } from 'vitest';
import {
  bootstrapInterval,
  differences,
  holm,
  mean,
  meanMargin,
  pairedTTest,
  powerOfPairedT,
  predictionInterval,
  seedsNeeded,
  signFlipTest,
  standardDeviation,
} from '../../../src/experiments/statistics.ts';

/** Student's own data (1908): hours of sleep gained with two drugs, as in R's `sleep`. */
const sleep = differences(
  [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2],
  [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
);
/** Darwin's maize, the first permutation test (Fisher 1935, The Design of Experiments, §21): 1,726 of 32,768. */
const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

describe('one sample', () => {
  test('R: t.test(sleep) gives p = 0.002833 and the interval -2.4598858 to -0.7001142', () => {
    expect(pairedTTest(sleep)).toBeCloseTo(0.00283289, 8);
    expect(mean(sleep) - meanMargin(sleep)).toBeCloseTo(-2.4598858, 6);
    expect(mean(sleep) + meanMargin(sleep)).toBeCloseTo(-0.7001142, 6);
    expect(standardDeviation(sleep)).toBeCloseTo(1.229995, 6);
  });

  test('R: predict(lm(x ~ 1), interval = "prediction") of 1 to 5 is -1.808944 to 7.808944', () => {
    const [low, high] = predictionInterval([1, 2, 3, 4, 5]);
    expect(low).toBeCloseTo(-1.808944, 6);
    expect(high).toBeCloseTo(7.808944, 6);
  });

  test('differences without a spread', () => {
    expect(pairedTTest([0, 0, 0])).toBe(1);
    expect(pairedTTest(differences([0.53, 0.54, 0.55], [0.52, 0.53, 0.54]))).toBeNull();
    expect(standardDeviation([0.1, 0.1, 0.1])).toBe(0);
    expect(signFlipTest([0, 0, 0])).toBe(1);
  });

  test.each([
    ['a standard deviation', standardDeviation],
    ['an interval', meanMargin],
    ['an interval', predictionInterval],
    ['a paired t test', pairedTTest],
    ['a permutation test', signFlipTest],
    ['a bootstrap interval', bootstrapInterval],
  ] as const)('%s of one seed is refused', (what, compute) => {
    expect(() => compute([0.5])).toThrow(`${what} needs at least 2 seeds, got 1`);
  });

  test('values without a partner are refused', () => {
    expect(() => differences([1, 2], [1])).toThrow('2 and 1 values are no pairs');
  });
});

describe('permutation test', () => {
  test("Fisher: Darwin's maize", () => {
    expect(signFlipTest(maize)).toBe(1726 / 32_768);
  });

  test('5 pairs of one sign: 2 of 32', () => {
    expect(signFlipTest([0.001, 0.01, 0.02, 0.003, 0.1])).toBe(0.0625);
  });

  test('more than 16 pairs are sampled, the same each time, and near the truth', () => {
    // A pair of zeros changes nothing but the number of pairs.
    const padded = [...maize, 0, 0];
    const p = signFlipTest(padded);
    expect(signFlipTest(padded)).toBe(p);
    // 4 standard deviations of 100,000 draws.
    expect(Math.abs(p - 1726 / 32_768)).toBeLessThan(4 * Math.sqrt((0.0527 * 0.9473) / 100_000));
  });
});

describe('bootstrap', () => {
  test('the same each time, another with another seed, inside the data', () => {
    const interval = bootstrapInterval(sleep);
    expect(bootstrapInterval(sleep)).toEqual(interval);
    expect(bootstrapInterval(sleep, 2)).not.toEqual(interval);
    expect(interval[0]).toBeGreaterThan(Math.min(...sleep));
    expect(interval[1]).toBeLessThan(0);
  });

  test('of many values it is the normal interval', () => {
    // Quantiles of a uniform distribution on 0..1: standard deviation 1/sqrt(12).
    const values = Array.from({ length: 400 }, (_, i) => (i + 0.5) / 400);
    const [low, high] = bootstrapInterval(values);
    const margin = 1.96 / Math.sqrt(12 * 400);
    expect(Math.abs(low - (0.5 - margin))).toBeLessThan(0.0015);
    expect(Math.abs(high - (0.5 + margin))).toBeLessThan(0.0015);
  });

  test('of equal values it is a point', () => {
    expect(bootstrapInterval([0.5, 0.5, 0.5])).toEqual([0.5, 0.5]);
  });
});

describe('Holm', () => {
  test('R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  test('what was not tested is not counted, and nothing exceeds 1', () => {
    expect(holm([null, 0.02, 0.6, null, 0.7])).toEqual([null, 0.06, 1, null, 1]);
    expect(holm([])).toEqual([]);
  });
});

describe('power of the paired t test', () => {
  // R: power.t.test(n, delta, type = "paired"), strict = TRUE.
  test.each([
    [34, 0.5, 0.8077775],
    [10, 1, 0.8030969],
    [5, 2, 0.9088849],
    [199, 0.2, 0.801691],
  ])('%d pairs, %d standard deviations: %d', (pairs, effect, power) => {
    expect(powerOfPairedT(effect, pairs)).toBeCloseTo(power, 6);
  });

  test.each([
    [0.005, 0.01, 34],
    [0.005, 0.005, 10],
    [0.005, 0.0025, 5],
    [0.005, 0.025, 199],
    [0.005, 0.1, 3142],
    [0.005, 0, 2],
    [0.005, 1, null],
  ])('to see %d where pairs differ by %d: %s', (difference, spread, seeds) => {
    expect(seedsNeeded(spread, difference)).toBe(seeds);
  });

  test('needs between 8,192 and 10,000 are found too', () => {
    const seeds = seedsNeeded(0.17, 0.005)!;
    expect(seeds).toBeGreaterThan(8192);
    expect(powerOfPairedT(0.005 / 0.17, seeds)).toBeGreaterThanOrEqual(0.8);
    expect(powerOfPairedT(0.005 / 0.17, seeds - 1)).toBeLessThan(0.8);
  });
});
