import { describe, expect, test } from 'vitest';
import { curveOf, decimate, smooth } from '../../../src/page/charts/decimate.ts';
import { emptyMetrics, type RunMetrics, type RunRecord } from '../../../src/page/model/run-record.ts';
import { runCurve, runCurves } from '../../../src/page/views/runs/overlay.ts';

const line = (values: readonly number[]) => curveOf(Array.from(values.keys()), values, 1);

describe('decimation', () => {
  test('keeps a spike, up or down, whatever the number of points', () => {
    for (const points of [3000, 10_000, 200_000]) {
      for (const spike of [99, -99]) {
        const values = Array.from({ length: points }, (_, i) => (i === points - 1234 ? spike : Math.sin(i)));
        const { middle } = decimate(line(values), 2048);
        expect(middle.length).toBeLessThanOrEqual(2048);
        expect(middle).toContain(spike);
      }
    }
  });

  test('leaves what was drawn as it is when points are added', () => {
    const values = Array.from({ length: 5000 }, (_, i) => Math.sin(i * i));
    const before = decimate(line(values.slice(0, 4200)), 2048);
    const after = decimate(line(values), 2048);
    expect(after.middle.slice(0, 1000)).toEqual(before.middle.slice(0, 1000));
  });

  test('keeps the band around the line', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => Math.sin(i));
    const { middle, low, high } = decimate(
      curveOf(
        Array.from({ length: 10_000 }, (_, i) => i),
        values,
        2,
      ),
      512,
    );
    for (let i = 0; i < middle.length; i++) {
      expect(low[i]).toBeLessThanOrEqual(middle[i]!);
      expect(high[i]).toBeGreaterThanOrEqual(middle[i]!);
    }
  });

  test('x never falls', () => {
    const { x } = decimate(line(Array.from({ length: 9999 }, () => 1)), 100);
    expect([...x].sort((a, b) => a - b)).toEqual(x);
  });
});

describe('smoothing', () => {
  test.each([0, 0.5, 0.99])('with %s leaves a constant series as it is', (weight) => {
    for (const value of smooth(new Array(500).fill(0.3), weight)) expect(value).toBeCloseTo(0.3, 12);
  });

  test('0 changes nothing, more is a weighted mean of what came before', () => {
    expect(smooth([1, 2, 4], 0)).toEqual([1, 2, 4]);
    expect(smooth([1, 3], 0.5)[1]).toBeCloseTo((0.5 * 1 + 1 * 3) / 1.5, 12);
  });

  test('passes over what is not finite', () => {
    expect(smooth([1, Number.NaN, 1], 0.9)).toEqual([1, Number.NaN, 1]);
  });
});

describe('seeds that diverged', () => {
  const { NaN: none } = Number;

  test('leave the mean and the range to the others, and their rows are marked', () => {
    expect(curveOf([0, 1, 2], [1, 3, 1, none, none, none], 2)).toEqual({
      x: [0, 1, 2],
      middle: [2, 1, none],
      low: [1, 1, Number.POSITIVE_INFINITY],
      high: [3, 1, Number.NEGATIVE_INFINITY],
      broken: [1, 2],
    });
  });

  test('still have an accuracy, which counts as little as their loss', () => {
    const { middle, low, broken } = curveOf([5, 6], [0.5, 0.6, 0.5, 0.1], 2, [2, 2, 2, none]);
    expect([middle, low, broken]).toEqual([[0.55, 0.5], [0.5, 0.5], [6]]);
  });

  test('are marked in a curve of few points too', () => {
    const values = Array.from({ length: 5000 }, (_, i) => (i === 77 ? none : i));
    expect(decimate(line(values), 64).broken).toEqual([77]);
  });
});

test.each([
  ['accuracy', [0.5, 0.5]],
  ['loss', [2, 1]],
  ['validationAccuracy', [0.4]],
] as const)('the Runs view draws the %s of the seeds that did not diverge', (metric, middle) => {
  const metrics: RunMetrics = {
    ...emptyMetrics(2),
    steps: [5, 10],
    loss: [2, 2, 1, Number.NaN],
    accuracy: [0.4, 0.6, 0.5, 0.1],
    rate: [0.1, 0.1],
    validationSteps: [10],
    validationLoss: [1.5, Number.NaN],
    validationAccuracy: [0.4, 0.1],
  };
  const record = { stepsPerEpoch: 450, msPerStep: 1 } as unknown as RunRecord;
  const options = { metric, axis: 'step', smoothing: 0, isLog: false, hasBand: true } as const;
  expect(runCurve({ record, metrics }, options)).toMatchObject({ middle, broken: [10] });
});

test('the Runs view computes the curves of a run again when it has more rows, or is shown otherwise, and not before', () => {
  const metrics: RunMetrics = { ...emptyMetrics(1), steps: [5, 10], loss: [2, 1], accuracy: [0.4, 0.5] };
  const record = { stepsPerEpoch: 450, msPerStep: 1 } as unknown as RunRecord;
  const options = { metric: 'loss', axis: 'step', smoothing: 0.5, isLog: false, hasBand: true } as const;
  const first = runCurves({ record, metrics }, options);
  expect(first).toMatchObject({ measured: { middle: [2, 1] }, last: { x: 10, value: 1 } });
  expect(first.smoothed.middle[1]).toBeCloseTo(4 / 3, 12);
  // The record of a run in progress is another one with each report.
  const again = { record: { ...record, msPerStep: 2 }, metrics };
  expect(runCurves(again, { ...options, isLog: true })).toBe(first);
  metrics.steps.push(15);
  metrics.loss.push(Number.NaN);
  const grown = runCurves(again, options);
  expect(grown.measured.middle).toEqual([2, 1, Number.NaN]);
  expect(grown.last).toEqual({ x: 10, value: 1 });
  expect(runCurves(again, { ...options, axis: 'seconds' }).measured.x).toEqual([0.01, 0.02, 0.03]);
});
