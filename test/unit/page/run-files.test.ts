import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { experiments, trainSettings } from '../../../src/experiments/experiments.ts';
import { emptyMetrics, type RunMetrics, type RunRecord } from '../../../src/page/model/run-record.ts';
import { importFiles } from '../../../src/page/store/import-files.ts';
import { readTrainSettings } from '../../../src/page/store/read-record.ts';
import { readRunFile, writeRunFile } from '../../../src/page/store/run-file.ts';
import { compareRuns } from '../../../src/page/views/runs/run-statistics.ts';
import { writeSafetensors } from '../../../src/train/safetensors.ts';

const { settings } = experiments[0]!;

function record(id: string, tests: readonly number[]): RunRecord {
  const seeds = tests.map((_, i) => i + 1);
  return {
    id,
    name: id,
    origin: 'here',
    state: 'finished',
    problem: null,
    experiment: 'base',
    settings,
    train: trainSettings(settings, { seeds, shuffle: true }),
    step: 9000,
    stepsPerEpoch: 450,
    dispatchesPerStep: 17,
    modelBytes: 1,
    variants: {},
    kernels: 'default',
    adapter: 'a GPU',
    browser: 'a browser',
    startedAt: '2026-11-25T12:00:00.000Z',
    elapsedMs: 1000,
    msPerStep: 7,
    perSeed: tests.map((testAccuracy, i) => ({
      seed: i + 1,
      validationAccuracy: testAccuracy,
      validationLoss: 1,
      testAccuracy,
      testLoss: 1,
      divergedAtStep: null,
      confusion: null,
    })),
    style: 0,
    pinned: false,
    forced: { sgd: 'vec4' },
    hasWeights: true,
    initial: null,
  };
}

const metrics: RunMetrics = {
  ...emptyMetrics(2),
  steps: [10, 20],
  loss: [2.3, 2.4, 1.9, Number.NaN],
  accuracy: [0.1, 0.1, 0.2, 0.2],
  rate: [0.1, 0.2],
  validationSteps: [20],
  validationLoss: [2, 2],
  validationAccuracy: [0.3, 0.3],
};

const weights = [1, 2].map((seed) =>
  writeSafetensors({
    tensors: [
      { name: 'layers.0.linear.weight', shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, seed]) },
    ],
    metadata: {},
  }),
);

describe('a whole run as a file', () => {
  test('is the same run elsewhere: settings, scores, curves and the bytes of its weights', async () => {
    const whole = { record: record('base', [0.53, 0.54]), metrics, weights };
    const back = await readRunFile(await writeRunFile(whole));
    expect(back.metrics).toEqual(metrics);
    expect(back.weights).toEqual(weights);
    const { id, origin, style, variants, ...rest } = back.record;
    expect(whole.record).toMatchObject(rest);
    expect(origin).toBe('import');
    expect(id).not.toBe('base');
  });

  test('has what its seeds are over views of each image; an older one has nothing of it', async () => {
    const base = record('base', [0.53]);
    const [score] = base.perSeed;
    const viewed = {
      validationAccuracyOverViews: null,
      validationLossOverViews: null,
      testAccuracyOverViews: 0.54,
      testLossOverViews: 1.2,
    };
    const perSeed = [{ ...score!, ...viewed }];
    const file = await writeRunFile({ record: { ...base, perSeed }, metrics: undefined, weights: undefined });
    expect((await readRunFile(file)).record.perSeed).toEqual(perSeed);
    const older = await writeRunFile({ record: base, metrics: undefined, weights: undefined });
    expect((await readRunFile(older)).record.perSeed).toStrictEqual([score]);
  });

  test('has what was forced, as far as it can be names of kernels', async () => {
    const forced = {
      sgd: 'naive',
      matmul: 3,
      split: null,
      __proto: 'naive',
      gather: '<script>',
      '': 'naive',
    };
    const base = { ...record('base', [0.5]), forced: forced as never };
    const file = await writeRunFile({ record: base, metrics: undefined, weights: undefined });
    expect((await readRunFile(file)).record.forced).toEqual({ sgd: 'naive' });
  });

  test('without its weights does not say that it has them', async () => {
    const file = await writeRunFile({ record: record('base', [0.5]), metrics, weights: undefined });
    const { record: read, weights: none } = await readRunFile(file);
    expect([read.hasWeights, none]).toEqual([false, undefined]);
  });

  test('that was cut, changed, or is another file is refused', async () => {
    const file = await writeRunFile({
      record: record('base', [0.5]),
      metrics: undefined,
      weights: weights.slice(0, 1),
    });
    await expect(readRunFile(file.slice(0, file.length - 1))).rejects.toThrow();
    const changed = file.slice();
    changed[changed.length - 1]! ^= 1;
    await expect(readRunFile(changed)).rejects.toThrow(/it was changed/);
    await expect(readRunFile(weights[0]!)).rejects.toThrow(/^it is weights alone, no run: they go into the/);
    const other = writeSafetensors({ tensors: [], metadata: {} });
    await expect(readRunFile(other)).rejects.toThrow(/^it is no run of this page/);
    const { runs, refused } = await importFiles([
      new File([changed], 'changed.run.safetensors'),
      new File(['hello'], 'hello.txt'),
      new File(['{"a":'], 'results.json'),
    ]);
    expect(runs).toEqual([]);
    expect(refused).toHaveLength(3);
  });

  test('cannot bring keys of a prototype', async () => {
    const results = `{"experiments":[{"__proto__":{"polluted":1},"name":"x","settings":${JSON.stringify(record('a', [0.5]).train)}}]}`;
    const { runs } = await importFiles([new File([results], 'results.json')]);
    expect(runs).toHaveLength(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test('the folder of npm run train is a run, with its curves and weights', async () => {
  const { train, perSeed } = record('x', [0.53]);
  const summary = {
    experiment: 'base',
    settings: train,
    adapter: { name: 'swiftshader' },
    startedAt: '2026-11-25T12:00:00.000Z',
    finished: true,
    steps: 9000,
    stepsPerEpoch: 450,
    testViews: 'flip',
    perSeed: perSeed.map((score) => ({ ...score, testAccuracyOverViews: 0.54 })),
    msPerStep: 7.6,
  };
  const lines = [
    { type: 'train', step: 50, loss: [2.1], accuracy: [0.2], learningRate: [0.002] },
    { type: 'validation', step: 450, validation: [{ loss: 1.6, accuracy: 0.42 }] },
  ];
  const { runs, refused } = await importFiles([
    new File([JSON.stringify(summary)], 'summary.json'),
    new File([`${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"tra`], 'metrics.jsonl'),
    new File([weights[0]!], 'weights.safetensors'),
  ]);
  expect(refused).toEqual([]);
  expect(runs[0]).toMatchObject({
    record: {
      experiment: 'base',
      step: 9000,
      adapter: 'swiftshader',
      hasWeights: true,
      perSeed: [{ testAccuracy: 0.53, testAccuracyOverViews: 0.54 }],
    },
    metrics: { steps: [50], loss: [2.1], validationAccuracy: [0.42] },
  });
});

/** A file of a folder, as browsers give those of a folder that was chosen. */
function inFolder(path: string, content: BlobPart): File {
  const file = new File([content], path.split('/').at(-1)!);
  Object.defineProperty(file, 'webkitRelativePath', { value: path });
  return file;
}

test('of a whole folder everything belongs to its runs; another folder beside it does not', async () => {
  const { train, perSeed } = record('x', [0.53]);
  const summary = JSON.stringify({
    experiment: 'base',
    settings: train,
    finished: true,
    steps: 9000,
    perSeed,
  });
  const { runs, refused } = await importFiles([
    inFolder('runs/base/summary.json', summary),
    inFolder('runs/base/sessions.json', '[]'),
    inFolder('runs/base/checkpoint.safetensors', 'cut'),
    inFolder('runs/base/notes.txt', 'mine'),
    inFolder('runs/base/weights.safetensors', weights[0]!),
    inFolder('runs/baseline/notes.txt', 'mine'),
  ]);
  expect(runs.map(({ record }) => [record.name, record.hasWeights])).toEqual([['base', true]]);
  expect(runs[0]!.record.settings).toEqual(settings);
  expect(refused).toEqual(['notes.txt: it is no run of this page or of npm run train']);
});

test('the folder of npm run experiments: each run has the curves and weights of its own folder', async () => {
  const { train, perSeed } = record('x', [0.53]);
  const results = ['base', 'adam'].map((name) => ({ name, settings: train, steps: 9000, perSeed }));
  const line = (step: number) =>
    JSON.stringify({ type: 'train', step, loss: [2.1], accuracy: [0.2], learningRate: [0.002] });
  const { runs, refused } = await importFiles([
    inFolder('all/results.json', JSON.stringify({ experiments: results })),
    inFolder('all/report.html', ''),
    inFolder('all/adam/result.json', JSON.stringify(results[1])),
    inFolder('all/adam/metrics.jsonl', line(70)),
    inFolder('all/adam/weights.safetensors', weights[0]!),
    inFolder('all/base/metrics.jsonl', line(50)),
  ]);
  expect(refused).toEqual([]);
  expect(runs.map(({ record, metrics }) => [record.name, record.hasWeights, metrics?.steps])).toEqual([
    ['base', false, [50]],
    ['adam', true, [70]],
  ]);
  expect(runs.map(({ record }) => record.settings)).toEqual([settings, settings]);
});

test.each([
  ['experiments-2026-11-24', 6],
  ['search-lambda-2026-11-24', 16],
])('the results of %s are runs', async (folder, count) => {
  const text = readFileSync(
    join(import.meta.dirname, '../../../docs/results', folder, 'results.json'),
    'utf8',
  );
  const { runs, refused } = await importFiles([new File([text], 'results.json')]);
  expect(refused).toEqual([]);
  expect(runs).toHaveLength(count);
  for (const { record } of runs) {
    expect(record.perSeed.length).toBe(record.train.replicas.length);
    expect(record.perSeed[0]!.validationAccuracy).toBeGreaterThan(0.1);
  }
});

describe('against a baseline', () => {
  test('a run compared with an equal one is not distinguishable', () => {
    const base = record('base', [0.531, 0.528, 0.535, 0.53, 0.533]);
    const same = record('same', [0.531, 0.528, 0.535, 0.53, 0.533]);
    const noisy = record('noisy', [0.53, 0.53, 0.534, 0.531, 0.532]);
    const differences = compareRuns([base, same, noisy], base);
    expect(differences.get('same')!.verdict).toBe('not distinguishable');
    expect(differences.get('noisy')!.verdict).toBe('not distinguishable');
  });

  test('one that is better with every seed is better; p-values are corrected for all comparisons', () => {
    const base = record('base', [0.531, 0.528, 0.535, 0.53, 0.533]);
    const better = record('better', [0.551, 0.549, 0.556, 0.549, 0.552]);
    const alone = compareRuns([base, better], base).get('better')!;
    expect(alone.verdict).toBe('better');
    const other = record('other', [0.53, 0.53, 0.534, 0.531, 0.532]);
    expect(compareRuns([base, better, other], base).get('better')!.pHolm).toBeCloseTo(2 * alone.pHolm!, 12);
  });

  test('one seed says nothing', () => {
    expect(compareRuns([record('a', [0.5]), record('b', [0.6])], record('a', [0.5])).get('b')!.verdict).toBe(
      '1 seed: no test',
    );
    expect(compareRuns([record('a', [0.5]), record('b', [0.5])], record('a', [0.5])).get('b')!.verdict).toBe(
      'the same, with the same seed',
    );
  });
});

test('a run on other data than this page has is refused', () => {
  const own = record('other', [0.1]);
  const train = { ...own.train, dataset: 'cifar100' };
  expect(() => readTrainSettings(train)).toThrow('it was trained on cifar100, this page knows cifar10');
  expect(readTrainSettings({ ...train, dataset: 'cifar10' }).dataset).toBe('cifar10');
});
