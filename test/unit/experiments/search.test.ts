import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/data/random.ts';
import { pointChart } from '../../../src/experiments/charts.ts';
import { experiments, netSpec } from '../../../src/experiments/experiments.ts';
import {
  architecturesOf,
  candidatesOf,
  populationSettings,
  populationsOf,
  rungsOf,
  type SearchPlan,
  workOf,
} from '../../../src/experiments/search-plan.ts';
import { type Candidate, rank, trialsOf } from '../../../src/experiments/search-ranking.ts';
import { searchHtml, searchNotes, searchTable } from '../../../src/experiments/search-report.ts';
import {
  type Axis,
  gridPoints,
  narrowed,
  randomPoints,
  type Space,
} from '../../../src/experiments/search-space.ts';
import { binomialInterval, meanMargin } from '../../../src/experiments/statistics.ts';
import { adam } from '../../../src/optim/adam.ts';

const values = (...list: number[]): Axis => ({ kind: 'values', values: list });
const range = (low: number, high: number): Axis => ({ kind: 'range', low, high });

describe('points', () => {
  test('a grid has every combination; a range has its ends and equal ratios', () => {
    expect(gridPoints({ lambda: range(1e-5, 1e-1), lrMax: values(0.1, 0.01) }, 5)).toEqual(
      [0.1, 0.01].flatMap((lrMax) => [1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map((lambda) => ({ lambda, lrMax }))),
    );
    expect(gridPoints({ lambda: range(1e-4, 1e-2), lrMax: values(0.1) }, 1)).toEqual([
      { lambda: 1e-3, lrMax: 0.1 },
    ]);
  });

  test.each([1, 2, 8, 33])('%i random ones: one in each equal part of the logarithmic scale', (samples) => {
    const space: Space = { lambda: range(1e-5, 1e-1), lrMax: range(0.01, 1) };
    const points = randomPoints(space, samples, randomStream(1, 'search', 1));
    const partsOf = (name: 'lambda' | 'lrMax', low: number, decades: number) =>
      points
        .map((point) => Math.floor((Math.log10(point[name] / low) / decades) * samples + 1e-6))
        .sort((a, b) => a - b);
    // Values have three digits, so one may lie on the other side of a border, but not far.
    for (const [name, low, decades] of [
      ['lambda', 1e-5, 4],
      ['lrMax', 0.01, 2],
    ] as const) {
      for (const [i, part] of partsOf(name, low, decades).entries())
        expect(Math.abs(part - i)).toBeLessThan(2);
    }
    for (const { lambda } of points) expect(Number(lambda.toPrecision(3))).toBe(lambda);
  });

  test('the same seed gives the same points, another seed others; coordinates are not in step', () => {
    const space: Space = { lambda: range(1e-5, 1e-1), lrMax: range(0.01, 1) };
    const drawn = (seed: number) => randomPoints(space, 8, randomStream(seed, 'search', 1));
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(2)).not.toEqual(drawn(1));
    const byLambda = drawn(1).toSorted((a, b) => a.lambda - b.lambda);
    expect(byLambda).not.toEqual(drawn(1).toSorted((a, b) => a.lrMax - b.lrMax));
  });

  test('values of a list come equally often', () => {
    const space: Space = { lambda: range(1e-5, 1e-1), lrMax: values(0.1, 0.2) };
    const points = randomPoints(space, 8, randomStream(1, 'search', 1));
    expect(points.filter(({ lrMax }) => lrMax === 0.1)).toHaveLength(4);
  });

  test('a closer range: the best quarter, a gap on both sides, within the old one', () => {
    const tried = [3e-3, 1e-3, 1e-2, 1e-4, 1e-5, 3e-5, 3e-2, 1e-1];
    // Eight tries over four decades: half a decade apart on average.
    const closer = narrowed(range(1e-5, 1e-1), tried) as { low: number; high: number };
    expect(closer.low).toBeCloseTo(1e-3 / Math.sqrt(10), 6);
    expect(closer.high).toBeCloseTo(1e-2 * Math.sqrt(10), 4);
    expect(narrowed(range(1e-5, 1e-1), [1e-5, 2e-5, 1e-1])).toEqual(range(1e-5, 1e-1));
    expect(narrowed(values(1, 2), [1])).toEqual(values(1, 2));
    expect(narrowed(range(1e-5, 1e-1), [])).toEqual(range(1e-5, 1e-1));
  });
});

const candidate = (
  lambda: number,
  accuracies: readonly (number | null)[],
  more: Partial<Candidate> = {},
) => ({
  round: 1,
  hidden: [50, 50],
  optimizer: 'sgd' as const,
  lambda,
  lrMax: 0.1,
  lrMin: 1e-5,
  steps: 9000,
  trials: accuracies.map((accuracy, i) => ({
    seed: i + 1,
    validationAccuracy: accuracy,
    validationLoss: accuracy === null ? null : 2 - accuracy,
    divergedAtStep: accuracy === null ? 7 : null,
  })),
  ...more,
});

describe('ranking', () => {
  test("Wilson's interval: 8 of 10 (R: binom::binom.wilson(8, 10))", () => {
    const [low, high] = binomialInterval(0.8, 10);
    expect(low).toBeCloseTo(0.4901625, 6);
    expect(high).toBeCloseTo(0.9433178, 6);
  });

  test('the best first, then what halving left behind, then what diverged', () => {
    const ranked = rank(
      [
        candidate(1, [0.6], { steps: 4500 }),
        candidate(2, [null]),
        candidate(3, [0.5]),
        candidate(4, [0.55]),
        candidate(5, [0.7], { steps: 2000 }),
      ],
      5000,
    );
    expect(ranked.map(({ lambda, rank: place }) => [place, lambda])).toEqual([
      [1, 4],
      [2, 3],
      [3, 1],
      [4, 5],
      [5, 2],
    ]);
    expect(ranked[0]!.interval).toEqual(binomialInterval(0.55, 5000));
    expect(ranked.at(-1)).toMatchObject({ accuracy: null, loss: null, interval: null });
  });

  test('equal accuracies: the smaller loss', () => {
    const better = candidate(2, [0.5]);
    const [trial] = better.trials;
    const ranked = rank(
      [candidate(1, [0.5]), { ...better, trials: [{ ...trial!, validationLoss: 1 }] }],
      5000,
    );
    expect(ranked.map(({ lambda }) => lambda)).toEqual([2, 1]);
  });

  test('several seeds: their mean and its interval; one that diverged is enough to be last', () => {
    const accuracies = [0.51, 0.53, 0.52];
    const ranked = rank([candidate(1, [0.9, null, 0.9]), candidate(2, accuracies)], 5000);
    expect(ranked.map(({ lambda }) => lambda)).toEqual([2, 1]);
    const { accuracy, interval } = ranked[0]!;
    expect(accuracy).toBeCloseTo(0.52, 12);
    expect(interval![1] - interval![0]).toBeCloseTo(2 * meanMargin(accuracies), 12);
  });
});

test('a loss that is not finite, in training or on the validation split alone, leaves no accuracy', () => {
  const seeds = [1, 2, 3, 4].map((seed) => ({ seed }));
  const lost = null as unknown as number; // NaN, from a worker.
  const scores = [1.5, Number.NaN, lost, Number.NaN].map((loss) => ({ loss, accuracy: 0.4 }));
  expect(trialsOf(seeds, scores, new Map([[3, 7]]))).toEqual([
    { seed: 1, validationAccuracy: 0.4, validationLoss: 1.5, divergedAtStep: null },
    { seed: 2, validationAccuracy: null, validationLoss: null, divergedAtStep: null },
    { seed: 3, validationAccuracy: null, validationLoss: null, divergedAtStep: null },
    { seed: 4, validationAccuracy: null, validationLoss: null, divergedAtStep: 7 },
  ]);
});

const base = experiments[0]!.settings;
const plan: SearchPlan = {
  settings: base,
  nets: [[30, 30], [50]],
  optimizers: [{ kind: 'sgd' }, adam.defaults],
  space: { lambda: range(1e-5, 1e-1), lrMax: values(0.1) },
  method: 'coarse-to-fine',
  samples: 8,
  rounds: 2,
  searchSeed: 1,
  seeds: [1, 2],
  steps: 9000,
  halving: false,
  atOnce: 32,
};

describe('plan', () => {
  test('a population for each net and optimizer, with the same points', () => {
    const populations = architecturesOf(plan).flatMap((one) => populationsOf(plan, one, []));
    expect(populations.map(({ name }) => name)).toEqual([
      'round-1-30x30-sgd',
      'round-1-30x30-adam',
      'round-1-50-sgd',
      'round-1-50-adam',
    ]);
    for (const { points } of populations) expect(points).toEqual(populations[0]!.points);
  });

  test('as many at once as are allowed, seeds of a candidate together', () => {
    const [first, ...rest] = populationsOf({ ...plan, atOnce: 7 }, architecturesOf(plan)[0]!, []);
    expect(first).toMatchObject({ name: 'round-1-30x30-sgd-1' });
    expect([first, ...rest].map((population) => population!.points.length)).toEqual([3, 3, 2]);
    expect(populationsOf({ ...plan, atOnce: 1 }, architecturesOf(plan)[0]!, [])).toHaveLength(8);
  });

  test('replicas: each point with each seed; rates are fractions of the largest', () => {
    const architecture = { hidden: [30], optimizer: adam.defaults };
    const points = [
      { lambda: 0.01, lrMax: 0.1 },
      { lambda: 0.02, lrMax: 0.05 },
    ];
    const settings = populationSettings(plan, architecture, points, 500);
    expect(settings).toMatchObject({
      steps: 500,
      optimizer: { kind: 'adam' },
      net: netSpec({ ...plan.settings, hidden: [30] }),
    });
    expect(settings.replicas).toEqual([
      { seed: 1, lambda: 0.01, rateScale: 1 },
      { seed: 2, lambda: 0.01, rateScale: 1 },
      { seed: 1, lambda: 0.02, rateScale: 0.5 },
      { seed: 2, lambda: 0.02, rateScale: 0.5 },
    ]);
    const trials = [1, 2, 3, 4].map((seed) => ({ ...candidate(1, [0.5]).trials[0]!, seed }));
    const found = candidatesOf(plan, { ...architecture, name: '', round: 1 }, points, 500, trials);
    expect(found[1]).toMatchObject({ lambda: 0.02, lrMax: 0.05, lrMin: 5e-6, trials: trials.slice(2) });
  });

  test('the second round is around the best of the first, of each net by itself', () => {
    const architecture = architecturesOf(plan)[0]!;
    const [first] = populationsOf(plan, architecture, []);
    const around = (target: number) =>
      rank(
        first!.points.map(({ lambda }) => candidate(lambda, [1 / (1 + Math.abs(Math.log(lambda / target)))])),
        5000,
      );
    for (const target of [1e-4, 1e-2]) {
      const [second] = populationsOf(plan, architecture, [around(target)]);
      expect(second!.name).toBe('round-2-30x30-sgd');
      const logs = second!.points.map(({ lambda }) => Math.log10(lambda / target));
      expect(Math.max(...logs.map(Math.abs))).toBeLessThan(1.6);
      expect(Math.min(...logs)).toBeLessThan(0);
      expect(Math.max(...logs)).toBeGreaterThan(0);
    }
  });

  test('rungs are ends of cycles', () => {
    expect(rungsOf(plan)).toEqual([9000]);
    expect(rungsOf({ ...plan, halving: true })).toEqual([4500, 9000]);
    expect(rungsOf({ ...plan, halving: true, steps: 10_000 })).toEqual([4500, 9000, 10_000]);
    const growing = { ...plan, halving: true, settings: { ...plan.settings, cycleGrowth: 2 } };
    expect(rungsOf({ ...growing, steps: 31_500 })).toEqual([4500, 13_500, 31_500]);
    const architecture = architecturesOf(plan)[1]!;
    const [all] = workOf(plan, architecture, 5);
    expect(workOf({ ...plan, halving: true }, architecture, 5)).toEqual([all! / 2, (all! / 2) * (3 / 5)]);
  });
});

describe('report', () => {
  const ranked = rank(
    [
      candidate(0.001, [0.53]),
      candidate(0.01, [0.51], { hidden: [100, 100] }),
      candidate(0.1, [0.31]),
      candidate(0.2, [null]),
    ],
    5000,
  );
  const report = {
    ranked,
    notes: searchNotes(ranked, 5000),
    data: 'CIFAR-10',
    adapterName: 'an <adapter>',
    bestCommand: 'npm run train',
  };

  test('the table leaves out what all have in common', () => {
    const [head, , first, , , last] = searchTable(report).split('\n');
    expect(head).toMatch(/^\| rank \| hidden +\| +lambda \| validation accuracy \| +95 % interval \|/);
    expect(first).toMatch(/^\| +1 \| 50, 50 +\| +0\.001 \| +0\.5300 \| 0\.5161 to 0\.5438 \|/);
    expect(last).toContain('diverged');
    expect(searchTable(report)).toContain('binomial one of 5,000 validation images');
    expect(searchTable(report, 1)).not.toContain('0.5100');
  });

  test('the page needs nothing else', () => {
    const html = searchHtml(report);
    expect(html).not.toMatch(/<script|https?:|<adapter>|NaN/);
    expect(html).toContain('CIFAR-10, validation split.');
    expect(html).toContain('validation accuracy over lambda');
    expect(html).not.toContain('validation accuracy over largest learning rate');
    expect(html.match(/<circle/g)).toHaveLength(5); // Three candidates, and the best of both nets.
  });

  test('where every candidate diverged, the page names no best', () => {
    const diverged = rank([candidate(0.1, [null]), candidate(0.2, [null])], 5000);
    const notes = searchNotes(diverged, 5000);
    expect(notes).toEqual(['2 diverged: a loss was not finite.']);
    const html = searchHtml({ ...report, ranked: diverged, notes, bestCommand: null });
    expect(html).not.toMatch(/trained anew|null|NaN|Infinity/);
    expect(html.match(/diverged/g)!.length).toBeGreaterThanOrEqual(3);
  });

  test('a chart: what is at 0 stands at the left edge, nothing at all is no chart', () => {
    const at = (x: number) => ({ x, mean: 0.5, low: 0.4, high: 0.6 });
    const chart = (...xs: number[]) =>
      pointChart({
        title: '',
        xLabel: '',
        series: [{ name: '', colour: '#000', points: xs.map(at), isJoined: true }],
      });
    expect(chart()).toBe('');
    const places = Array.from(chart(0.1, 0, 0.001).matchAll(/cx="([\d.]+)"/g), ([, x]) => Number(x));
    expect(places[0]).toBe(places[1]);
    expect(places[2]).toBeGreaterThan(places[1]!);
  });
});

test('a net with a name: its population, its training, its row', () => {
  const named: SearchPlan = { ...plan, nets: ['patch-8-4-10'] };
  const [architecture] = architecturesOf(named);
  const [population] = populationsOf(named, architecture!, []);
  expect(population).toMatchObject({ net: 'patch-8-4-10', hidden: [] });
  expect(population!.name).toContain('patch-8-4-10');
  const { net } = populationSettings(named, architecture!, population!.points, 10);
  expect(net).toEqual(netSpec({ ...plan.settings, net: 'patch-8-4-10' }));
  const trials = named.seeds.map((seed) => ({
    seed,
    validationAccuracy: 0.5,
    validationLoss: 1,
    divergedAtStep: null,
  }));
  const all = population!.points.flatMap(() => trials);
  const candidates = candidatesOf(named, population!, population!.points, 10, all);
  const report = {
    data: 'CIFAR-10',
    ranked: rank(candidates, 1000),
    notes: [],
    adapterName: '',
    bestCommand: null,
  };
  expect(searchTable(report)).toMatch(/\| net .*\n.*\n\|.*patch-8-4-10/);
});
