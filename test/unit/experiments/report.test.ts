import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { accuracyByTime, timeTable } from '../../../src/experiments/accuracy-by-time.ts';
import { dotChart, linearScale, lineChart, logScale } from '../../../src/experiments/charts.ts';
import { compare } from '../../../src/experiments/comparison.ts';
import { readCurves } from '../../../src/experiments/curves.ts';
import { reportHtml, type TrainingRecord } from '../../../src/experiments/report-html.ts';
import { weightImage } from '../../../src/experiments/weight-image.ts';
import { fakeResults } from './fake-results.ts';

const metrics = [
  { type: 'train', step: 50, epoch: 0.1, loss: [2, 3], accuracy: [0.2, 0.4], learningRate: [0.1, 0.1] },
  { type: 'train', step: 100, epoch: 0.2, loss: [1, 2], accuracy: [0.3, 0.4], learningRate: [0.1, 0.1] },
  { type: 'validation', step: 450, epoch: 1, validation: [1, 2].map((loss) => ({ loss, accuracy: 0.5 })) },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

describe('curves', () => {
  test('mean, smallest and largest of the seeds', () => {
    const { trainingLoss, validationLoss, validationAccuracy } = readCurves(metrics);
    expect(trainingLoss).toEqual([
      { x: 0.1, mean: 2.5, low: 2, high: 3 },
      { x: 0.2, mean: 1.5, low: 1, high: 2 },
    ]);
    expect(validationLoss).toEqual([{ x: 1, mean: 1.5, low: 1, high: 2 }]);
    expect(validationAccuracy).toEqual([{ x: 1, mean: 0.5, low: 0.5, high: 0.5 }]);
  });

  test('long ones are thinned to what can be seen', () => {
    const line = (step: number) =>
      JSON.stringify({ type: 'train', epoch: step, loss: [step], accuracy: [0] });
    const { trainingLoss } = readCurves(Array.from({ length: 784 }, (_, i) => line(i)).join('\n'));
    expect(trainingLoss).toHaveLength(196);
    expect(trainingLoss[0]).toEqual({ x: 1.5, mean: 1.5, low: 1.5, high: 1.5 });
  });
});

describe('accuracy by time', () => {
  const point = (x: number, mean: number) => ({ x, mean, low: mean, high: mean });
  // 450 steps of 9 ms: an epoch is 4.05 s.
  const curves = {
    base: { validationAccuracy: [point(1, 0.4), point(2, 0.5), point(3, 0.6)] },
    adam: { validationAccuracy: [point(2, 0.45), point(8, 0.55)] },
  };
  const results = fakeResults.filter(({ name }) => ['base', 'precise-bn', 'adam'].includes(name));

  test('the last validation before each time; what ended keeps its last, and at the last time all have; what shares a training is not listed twice', () => {
    const table = accuracyByTime(results, curves);
    expect(table).toEqual({
      times: [5, 10, 20, 30, 60],
      rows: [
        { name: 'base', accuracies: [0.4, 0.5, 0.6, 0.6, 0.6] },
        { name: 'adam', accuracies: [null, 0.45, 0.45, 0.45, 0.55] },
      ],
    });
    expect(timeTable(table!, results)).toMatch(
      /^\| validation accuracy after +\| +5 s \| +10 s \| +20 s \| +30 s \| +1 min \|/,
    );
    expect(timeTable(table!, results)).toMatch(/all 5 seeds together, .* on test adapter/);
  });

  test('none without validations, or without the time of a step', () => {
    expect(
      accuracyByTime(results, { base: { validationAccuracy: [] }, adam: { validationAccuracy: [] } }),
    ).toBeUndefined();
    const untimed = results.map((result) => ({ ...result, msPerStep: null }));
    expect(accuracyByTime(untimed, curves)).toBeUndefined();
  });
});

describe('scales', () => {
  test.each([
    [0, 20, [0, 5, 10, 15, 20]],
    [0.519, 0.5571, [0.51, 0.52, 0.53, 0.54, 0.55, 0.56]],
    [1.21, 2.9, [1, 1.5, 2, 2.5, 3]],
  ])('round numbers cover %d to %d', (min, max, ticks) => {
    expect(linearScale(min, max).ticks).toEqual(ticks);
  });

  test.each([
    [0, 0],
    [3, 3],
    [0.1 + 0.2, 0.3],
  ])('equal ends (%d, %d) make a scale too', (min, max) => {
    const { place, ticks } = linearScale(Math.min(min, max), Math.max(min, max));
    expect(ticks.length).toBeGreaterThan(1);
    expect(Number.isFinite(place(min))).toBe(true);
  });

  test('powers of ten', () => {
    const { ticks, place } = logScale(1e-5, 0.1);
    expect(ticks.map((tick) => tick.toExponential())).toEqual(['1e-5', '1e-4', '1e-3', '1e-2', '1e-1']);
    expect(place(1e-3)).toBeCloseTo(0.5, 12);
  });
});

describe('charts', () => {
  const points = readCurves(metrics).trainingLoss;

  test('a band where seeds differ, none where there is one', () => {
    const draw = (ofSeries: typeof points) =>
      lineChart({
        title: 'loss',
        xLabel: 'epoch',
        series: [{ name: 'a', colour: '#000', points: ofSeries }],
      });
    expect(draw(points)).toContain('<polygon');
    expect(draw(points.map((p) => ({ ...p, low: p.mean, high: p.mean })))).not.toContain('<polygon');
    expect(draw([])).toBe('');
  });

  test("the report's figure is a diamond, a range has two", () => {
    const diamonds = (reported: number | [number, number] | null) =>
      dotChart('t', [
        { name: 'a', colour: '#000', values: [0.5], mean: 0.5, interval: null, reported },
      ]).match(/class="reported"/g)?.length ?? 0;
    expect([diamonds(null), diamonds(0.5), diamonds([0.1, 0.2])]).toEqual([0, 1, 2]);
  });

  test('no text can break out', () => {
    const name = '"><script>&';
    const svg = dotChart('t', [
      { name, colour: '#000', values: [0.5], mean: 0.5, interval: null, reported: null },
    ]);
    expect(svg).toContain('&quot;&gt;&lt;script&gt;&amp;');
    expect(svg).not.toContain('<script');
  });
});

test('weights become a PNG, ten units in a row', () => {
  const { url, width, height } = weightImage(new Float32Array(12 * 3072).fill(0.5), cifar10.image);
  expect([width, height]).toEqual([10 * 34 - 2, 2 * 34 - 2]);
  expect(url).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
});

test('the report is one file that needs nothing else', () => {
  const record: TrainingRecord = {
    curves: readCurves(metrics),
    weights: weightImage(new Float32Array(2 * 3072), cifar10.image),
  };
  const trainings = { base: record, 'bn-after-relu': record, adam: record, wide: record };
  const html = reportHtml({ results: fakeResults, comparison: compare(fakeResults), trainings });
  expect(html).not.toMatch(/<script|<link|https?:\/\/|@import|url\(/);
  expect(html.match(/src="(?!data:)/g)).toBeNull();
  expect(html).toContain('not distinguishable from base with 5 seeds');
  expect(html).toContain('base, precise-bn');
  // A confusion matrix per experiment, four curves, the schedule, the dots.
  expect(html.match(/<svg /g)).toHaveLength(5 + 4 + 1 + 1);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});
