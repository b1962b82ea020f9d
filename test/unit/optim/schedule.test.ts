/** Learning rates at the corners of the triangles, and Adam's bias corrections. */
import { describe, expect, test } from 'vitest';
import { adam } from '../../../src/optim/adam.ts';
import { perStepTable } from '../../../src/optim/optimizer.ts';
import { cycleSteps, learningRate, type Schedule } from '../../../src/optim/schedule.ts';

const course: Schedule = { kind: 'cyclical', min: 1e-5, max: 1e-1, halfCycle: 2250, decay: 1 };

describe('learningRate', () => {
  test.each([
    [0, 1e-5],
    [1, 1e-5 + (1e-1 - 1e-5) / 2250],
    [1125, (1e-5 + 1e-1) / 2],
    [2249, 1e-1 - (1e-1 - 1e-5) / 2250],
    [2250, 1e-1],
    [2251, 1e-1 - (1e-1 - 1e-5) / 2250],
    [3375, (1e-5 + 1e-1) / 2],
    [4499, 1e-5 + (1e-1 - 1e-5) / 2250],
    [4500, 1e-5],
    [6750, 1e-1],
    [8999, 1e-5 + (1e-1 - 1e-5) / 2250],
    [9000, 1e-5],
  ])('of the course at step %i', (t, rate) => {
    expect(Math.abs(learningRate(course, t) / rate - 1)).toBeLessThan(1e-12);
  });

  test('is exactly the minimum and the maximum at the corners', () => {
    expect(learningRate(course, 0)).toBe(1e-5);
    expect(learningRate(course, 2250)).toBe(1e-5 + (1e-1 - 1e-5));
    expect(learningRate(course, 4500)).toBe(1e-5);
  });

  test('rises and falls by the same step, and the second cycle is the first', () => {
    const rates = Array.from({ length: 4500 }, (_, t) => learningRate(course, t));
    for (let t = 1; t < 4500; t++) {
      const slope = (t <= 2250 ? 1 : -1) * ((1e-1 - 1e-5) / 2250);
      expect(Math.abs(rates[t]! - rates[t - 1]! - slope), `step ${t}`).toBeLessThan(1e-15);
      expect(learningRate(course, 4500 + t)).toBe(rates[t]);
    }
  });

  test('decay multiplies the maximum after each whole cycle, never the minimum', () => {
    const decaying: Schedule = { ...course, decay: 0.6 };
    for (const cycle of [0, 1, 2]) {
      const start = 4500 * cycle;
      expect(learningRate(decaying, start)).toBe(1e-5);
      expect(learningRate(decaying, start + 2250)).toBeCloseTo(1e-1 * 0.6 ** cycle, 15);
      expect(learningRate(decaying, start + 4499)).toBeCloseTo(
        1e-5 + (1e-1 * 0.6 ** cycle - 1e-5) / 2250,
        15,
      );
    }
  });

  test('a half-cycle of one step goes up and down', () => {
    const fast: Schedule = { kind: 'cyclical', min: 1, max: 3, halfCycle: 1, decay: 1 };
    expect([0, 1, 2, 3, 4].map((t) => learningRate(fast, t))).toEqual([1, 3, 1, 3, 1]);
  });

  test('constant', () => {
    for (const t of [0, 1, 1e6]) expect(learningRate({ kind: 'constant', rate: 0.25 }, t)).toBe(0.25);
  });
});

describe('cycles of other forms', () => {
  const triangle: Schedule = { kind: 'cyclical', min: 0, max: 0.05, halfCycle: 50, decay: 1, peak: 0.25 };
  test.each([
    [0, 0],
    [10, 0.02],
    [25, 0.05],
    [40, 0.04],
    [100, 0],
  ])('the peak at a quarter: step %i has %d', (t, rate) => {
    expect(learningRate(triangle, t)).toBeCloseTo(rate, 12);
  });

  test('the rate falls to a part of the largest', () => {
    const airbench = { ...triangle, min: 0.2, max: 1, peak: 0.23, end: 0.07 } as const;
    expect([0, 23, 99.999].map((t) => learningRate(airbench, t))).toEqual([0.2, 1, expect.closeTo(0.07, 4)]);
  });

  test('each cycle is twice as long as the one before', () => {
    const doubling = { ...triangle, peak: 0.5, growth: 2, decay: 0.5 } as const;
    expect(cycleSteps(doubling, 3)).toBe(700);
    expect([0, 50, 100, 200, 300, 500].map((t) => learningRate(doubling, t))).toEqual([
      0, 0.05, 0, 0.025, 0, 0.0125,
    ]);
  });
});

describe('what Adam looks up by step', () => {
  test('the rate, 1 - b1^t and 1 - b2^t for t = 1, 2, ..., rounded once', () => {
    const table = perStepTable(adam.defaults, 1000, (t) => t / 7);
    expect(table.length).toBe(4000);
    for (const t of [1, 2, 3, 10, 999, 1000]) {
      const row = table.subarray(4 * (t - 1), 4 * t);
      expect([...row]).toEqual([(t - 1) / 7, 1 - 0.9 ** t, 1 - 0.999 ** t, 0].map(Math.fround));
    }
  });

  test('a table is never empty', () => expect(perStepTable(adam.defaults, 0, () => 1).length).toBe(4));
});
