/** The trainer as a whole: it learns, repeats itself, populations are single runs, interruptions and weight files change nothing. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { adam } from '../../src/optim/adam.ts';
import {
  type Checkpoint,
  readCheckpoint,
  withReplicas,
  writeCheckpoint,
} from '../../src/train/checkpoint.ts';
import { uploadDataset } from '../../src/train/dataset.ts';
import type { Score } from '../../src/train/evaluation.ts';
import type { RunEvent, RunStart } from '../../src/train/messages.ts';
import type { TrainReport } from '../../src/train/report-window.ts';
import { runTraining } from '../../src/train/run.ts';
import { readSafetensors, writeSafetensors } from '../../src/train/safetensors.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { naiveChoice, quickChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  netOf,
  replica,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

let gpu: Gpu;
let data: SyntheticDataset;

// 136 images, 36 for validation: 6 steps of 16 make an epoch, 4 samples are left over.
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, 136, 20);
});
afterAll(() => data.dataset.destroy());

/** What a run says and what it ends with. */
interface Run {
  readonly finished: boolean;
  readonly step: number;
  readonly reports: readonly Omit<TrainReport, 'msPerStep'>[];
  readonly validations: readonly (readonly Score[])[];
  readonly weights: readonly NamedTensor[][];
  readonly checkpoint: Checkpoint;
}

interface Interruption {
  readonly afterEpoch?: number;
  /** The last of an epoch. */
  readonly afterReport?: number;
  /** Within an epoch: from the submit on that brings this step about. A report of it may come behind several more. */
  readonly fromStep?: number;
}

async function run(
  settings: TrainSettings,
  options: TrainerOptions = { choose: quickChoice },
  { afterEpoch, afterReport, fromStep }: Interruption = {},
): Promise<Run> {
  const trainer = await Trainer.make(gpu, data.dataset, settings, options);
  const reports: Omit<TrainReport, 'msPerStep'>[] = [];
  const validations: (readonly Score[])[] = [];
  const stop = new AbortController();
  if (fromStep !== undefined)
    Object.defineProperty(stop.signal, 'aborted', { get: () => trainer.step >= fromStep });
  const finished = await trainer.train({
    signal: stop.signal,
    onReport: ({ msPerStep, ...report }) => {
      expect(msPerStep).toBeGreaterThan(0);
      reports.push(report);
      if (report.step === afterReport) stop.abort();
    },
    onValidation: ({ validation }) => validations.push(validation),
    onCheckpoint: ({ step }) => {
      if (step === (afterEpoch ?? 0) * trainer.stepsPerEpoch) stop.abort();
    },
  });
  const [weights, checkpoint] = [await trainer.weights(), await trainer.checkpoint()];
  const { step } = trainer;
  await trainer.destroy();
  gpu.check();
  return { finished, step, reports, validations, weights, checkpoint };
}

/** Bit by bit; a difference is named, not printed as arrays. */
function expectSameCheckpoint({ arenas, ...rest }: Checkpoint, other: Checkpoint): void {
  const { arenas: otherArenas, ...otherRest } = other;
  expect(rest).toEqual(otherRest);
  const tensors = (values: Checkpoint['arenas']): NamedTensor[] =>
    Object.entries(values).map(([name, data]) => ({ name, shape: [data.length], data }));
  expect(firstDifference(tensors(arenas), tensors(otherArenas))).toBeUndefined();
}

const quick = (options: Omit<TrainerOptions, 'choose'>): TrainerOptions => ({
  choose: quickChoice,
  ...options,
});

test('a run that is stopped before all is scored keeps its last state, from which it is scored', async () => {
  const settings = { ...baseSettings, steps: 6, batchStatistics: { kind: 'precise', samples: 50 } } as const;
  const files: Uint8Array<ArrayBuffer>[] = [];
  const ran = (from: RunStart, stopAt?: RunEvent['type']) => {
    const stop = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.type === 'checkpoint') files.push(event.file);
      if (event.type === stopAt) stop.abort(new Error('stopped'));
    };
    const around = { gpu, dataset: () => data.dataset, onEvent, signal: stop.signal, runner: '' };
    return runTraining({ from, checkpoints: true }, around);
  };
  const start = { kind: 'new', settings } as const;
  const whole = await ran(start);
  expect(whole).toMatchObject({ finished: true, step: 6 });
  const stopped = await ran(start, 'checkpoint');
  expect(stopped).toMatchObject({ finished: false, step: 6, validation: null, test: null });
  const go = () => ({ kind: 'checkpoint', file: files.at(-1)! }) as const;
  // Stopped anew, before anything else.
  expect(await ran(go(), 'ready')).toMatchObject({ finished: false, step: 6, test: null });
  const rest = await ran(go());
  expect(rest).toEqual({ ...whole, msPerStep: null });
});

test('a checkpoint goes on with the variants that computed it, whatever would be chosen', async () => {
  const first = await Trainer.make(gpu, data.dataset, baseSettings, quick({}));
  const checkpoint = await first.checkpoint();
  const rest = await Trainer.make(gpu, data.dataset, baseSettings, { checkpoint, choose: naiveChoice });
  expect(rest.plan.variants).toEqual(checkpoint.variants);
  expect(Object.values(checkpoint.variants)).toContain('quad-5x12');
  await first.destroy();
  await rest.destroy();
});

test('a net that is too large says which buffer is, before anything is compiled', async () => {
  const net = netOf({ hidden: [65_536, 65_536], batchNorm: null });
  const made = Trainer.make(gpu, data.dataset, { ...baseSettings, net });
  await expect(made).rejects.toThrow(
    /^\w[\w .]* needs a buffer of \d+ bytes, this adapter allows \d+: use fewer/,
  );
  gpu.check();
});

test('a run that goes on keeps the variants that were forced, whatever it is given', async () => {
  const forced = { matmul: 'naive' };
  const first = await Trainer.make(gpu, data.dataset, baseSettings, quick({ forced }));
  const checkpoint = readCheckpoint(writeCheckpoint(await first.checkpoint()));
  expect(checkpoint.forced).toEqual(forced);
  for (const options of [{}, { forced: { matmul: 'quad-5x12' } }]) {
    const rest = await Trainer.make(gpu, data.dataset, baseSettings, quick({ checkpoint, ...options }));
    expect((await rest.checkpoint()).forced).toEqual(forced);
    await rest.destroy();
  }
  await first.destroy();
});

test('a submit may be longer than from one report to the next: the reports are those of short ones', async () => {
  const long = await run({ ...baseSettings, reportSteps: 1 }, quick({ pacing: { budgetMs: 1e6 } }));
  const short = await run({ ...baseSettings, reportSteps: 1 }, quick({ pacing: { maxSteps: 1 } }));
  expect(long.reports).toHaveLength(baseSettings.steps);
  expect(long.reports).toEqual(short.reports);
});

test('what is read between submits is the state behind the steps so far, and holds up none', async () => {
  const settings = { ...baseSettings, reportSteps: 1 };
  const trainer = await Trainer.make(gpu, data.dataset, settings, quick({ pacing: { maxSteps: 2 } }));
  const taken: Promise<Checkpoint>[] = [];
  await trainer.train({
    between() {
      if (taken.length < 3) taken.push(trainer.checkpoint());
    },
  });
  const checkpoints = await Promise.all(taken);
  expect(checkpoints[0]!.step).toBe(0);
  expect(checkpoints[2]!.step).toBeGreaterThan(1);
  for (const { step, arenas, ...rest } of checkpoints) {
    const short = await run({ ...settings, steps: step }, quick({}));
    expectSameCheckpoint({ ...rest, step, arenas }, { ...short.checkpoint, settings });
  }
  const undisturbed = await run(settings);
  expectSameCheckpoint(await trainer.checkpoint(), undisturbed.checkpoint);
  await trainer.destroy();
});

test('a checkpoint that is asked for right behind a submit says the step of that submit', async () => {
  const settings = { ...baseSettings, valSize: 0 };
  const trainer = await Trainer.make(gpu, data.dataset, settings, quick({ pacing: { maxSteps: 2 } }));
  const taken: Promise<Checkpoint>[] = [];
  const { queue } = gpu.device;
  const { submit } = queue;
  let isAsking = false;
  const submitted = vi.spyOn(queue, 'submit').mockImplementation((commands) => {
    submit.call(queue, commands);
    if (isAsking || taken.length === 3) return;
    queueMicrotask(() => {
      isAsking = true; // It submits a copy of its own.
      taken.push(trainer.checkpoint());
      isAsking = false;
    });
  });
  await trainer.train();
  submitted.mockRestore();
  for (const { step, arenas } of await Promise.all(taken)) {
    expect(step).toBeGreaterThan(0);
    const { checkpoint } = await run({ ...settings, steps: step }, quick({}));
    expectSameCheckpoint({ ...checkpoint, arenas }, checkpoint);
  }
  await trainer.destroy();
});

describe('interludes', () => {
  test('change neither bits nor reports, whenever they come', async () => {
    const undisturbed = await run(baseSettings);
    const trainer = await Trainer.make(gpu, data.dataset, baseSettings, quick({ pacing: { maxSteps: 2 } }));
    const reports: Omit<TrainReport, 'msPerStep'>[] = [];
    const validations: (readonly Score[])[] = [];
    const restedAt: number[] = [];
    let asked = 0;
    const finished = await trainer.train({
      interlude: () =>
        asked++ % 2 === 0
          ? async () => {
              restedAt.push(trainer.step);
              expect(reports.at(-1)?.step ?? 0).toBeLessThanOrEqual(trainer.step);
              await trainer.testLogits(4);
            }
          : undefined,
      onReport: ({ msPerStep: _, ...report }) => reports.push(report),
      onValidation: ({ validation }) => validations.push(validation),
    });
    expect(finished).toBe(true);
    expect(restedAt.length).toBeGreaterThan(3);
    expect(reports).toEqual(undisturbed.reports);
    expect(validations).toEqual(undisturbed.validations);
    expectSameCheckpoint(await trainer.checkpoint(), undisturbed.checkpoint);
    await trainer.destroy();
  });

  test('the logits of single test images are those that the scores are made of', async () => {
    const trainer = await Trainer.make(gpu, data.dataset, baseSettings, { choose: quickChoice });
    await trainer.train();
    const [logits] = await trainer.testLogits(20);
    const hits = Array.from(data.test.labels.slice(0, 20)).filter((label, i) => {
      const row = logits!.subarray(10 * i, 10 * i + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    const [score] = await trainer.evaluate('test');
    expect(hits.length / 20).toBeCloseTo(score!.accuracy, 6);
    await expect(trainer.testLogits(21)).rejects.toThrow(RangeError);
    await trainer.destroy();
  });
});

describe('learning', () => {
  test('one batch is learned by heart', async () => {
    const batch = { images: data.train.images.slice(0, 32 * 3072), labels: data.train.labels.slice(0, 32) };
    const dataset = uploadDataset(gpu, {
      image: cifar10.image,
      classes: 10,
      train: batch,
      test: batch,
      normalisation: data.normalisation,
    });
    const settings: TrainSettings = {
      ...baseSettings,
      net: netOf({ hidden: [32, 32] }),
      schedule: { kind: 'constant', rate: 0.1 },
      steps: 350,
      batchSize: 32,
      replicas: [replica(1, 0)],
      valSize: 0,
      flip: false,
      cropPixels: 0,
      reportSteps: 50,
    };
    const trainer = await Trainer.make(gpu, dataset, settings, quick({}));
    const reports: TrainReport[] = [];
    expect(await trainer.train({ onReport: (report) => reports.push(report) })).toBe(true);
    expect(reports.map(({ step }) => step).slice(-1)).toEqual([350]);
    expect(reports[0]!.loss[0]).toBeGreaterThan(0.1);
    expect(reports.at(-1)!.loss[0]).toBeLessThan(0.01);
    expect(reports.at(-1)!.accuracy).toEqual([1]);
    // The running statistics have become those of the one batch.
    const [score] = await trainer.evaluate('test');
    expect(score!.accuracy).toBe(1);
    expect(score!.loss).toBeLessThan(0.02);
    await trainer.destroy();
    dataset.destroy();
  });

  test('reports: every reportSteps steps and at the end of an epoch', async () => {
    const { reports, validations, finished, step } = await run({
      ...baseSettings,
      reportSteps: 4,
      steps: 15,
    });
    expect(finished).toBe(true);
    expect(step).toBe(15);
    expect(reports.map((report) => report.step)).toEqual([4, 6, 8, 12, 15]);
    expect(reports.map(({ epoch }) => epoch)).toEqual([4, 6, 8, 12, 15].map((steps) => steps / 6));
    expect(reports.map(({ learningRate }) => learningRate[0])).toEqual(
      [3, 5, 7, 11, 14].map((t) => 1e-5 + (t <= 10 ? t / 10 : 2 - t / 10) * (0.1 - 1e-5)),
    );
    expect(validations.length).toBe(3);
    for (const { loss, accuracy } of reports) {
      expect(loss[0]).toBeGreaterThan(0);
      // 16 samples in each step: a whole number of hits.
      expect(Number.isInteger(accuracy[0]! * 16 * 3 * 4)).toBe(true);
    }
  });

  test('label smoothing: in the loss of training, not in that of validation', async () => {
    // Rate 0: both runs keep the same weights.
    const settings = { ...baseSettings, steps: 12, replicas: [replica(1, 0, 0)] };
    const plain = await run(settings);
    const smoothed = await run({ ...settings, labelSmoothing: 0.1 });
    expect(smoothed.validations).toEqual(plain.validations);
    expect(smoothed.checkpoint.settings.labelSmoothing).toBe(0.1);
    for (const [i, { loss, accuracy }] of smoothed.reports.entries()) {
      expect(accuracy).toEqual(plain.reports[i]!.accuracy);
      expect(loss[0]).not.toBe(plain.reports[i]!.loss[0]);
    }
  });

  test('too few images are refused', async () => {
    const refused = Trainer.make(gpu, data.dataset, { ...baseSettings, valSize: 121 });
    await expect(refused).rejects.toThrow(
      'of 136 training images, 121 for validation leave less than one batch of 16',
    );
  });
});

describe('repetition', () => {
  const optimizers = { sgd: { kind: 'sgd' }, adam: adam.defaults } as const;
  const settingsOf = (optimizer: keyof typeof optimizers): TrainSettings => ({
    ...baseSettings,
    optimizer: optimizers[optimizer],
    schedule: {
      ...baseSettings.schedule,
      max: optimizer === 'sgd' ? 0.1 : 0.01,
    } as TrainSettings['schedule'],
  });

  test('the same seed gives the same bits, another seed others', async () => {
    const settings = { ...baseSettings, cropPixels: 0, replicas: [replica(1), replica(2)] };
    const [a, b] = [await run(settings, {}), await run(settings, {})];
    for (const r of [0, 1]) expect(firstDifference(a.weights[r]!, b.weights[r]!)).toBeUndefined();
    expect(b.reports).toEqual(a.reports);
    expect(b.validations).toEqual(a.validations);
    expect(firstDifference(a.weights[0]!, a.weights[1]!)).toMatch(/^layers\.0\.linear\.weight\[0\]/);
    for (const { loss } of a.reports) expect(loss[0]).not.toBe(loss[1]);
  });

  test.each([
    ['default', 0, {}, [2]],
    ['small', 2, quick({}), [0, 1, 2]],
  ] as const)(
    'a population has the bits of single runs: %s variants',
    async (_, cropPixels, options, compared) => {
      const replicas = [replica(5, 0), replica(8, 0.01, 0.5), replica(11, 0.001, 2)];
      const population = await run({ ...baseSettings, cropPixels, replicas }, options);
      for (const r of compared) {
        const single = await run({ ...baseSettings, cropPixels, replicas: [replicas[r]!] }, options);
        expect(firstDifference(single.weights[0]!, population.weights[r]!), `replica ${r}`).toBeUndefined();
        const lossesOf = ({ reports }: Run, index: number) =>
          reports.map(({ loss, accuracy, learningRate }) => [
            loss[index],
            accuracy[index],
            learningRate[index],
          ]);
        expect(lossesOf(single, 0)).toEqual(lossesOf(population, r));
        expect(single.validations.map(([score]) => score)).toEqual(
          population.validations.map((scores) => scores[r]),
        );
      }
    },
  );

  describe.each(['sgd', 'adam'] as const)('%s, interrupted and resumed', (optimizer) => {
    const settings = {
      ...settingsOf(optimizer),
      reportSteps: 1,
      replicas: [replica(5, 0), replica(8, 0.01, 0.5)],
    };
    let whole: Run;
    beforeAll(async () => {
      whole = await run(settings);
    });

    const resumed = async (first: Run): Promise<Run> => {
      const checkpoint = readCheckpoint(writeCheckpoint(first.checkpoint));
      expectSameCheckpoint(checkpoint, first.checkpoint);
      expect(checkpoint.settings).toEqual(settings);
      return run(checkpoint.settings, quick({ checkpoint }));
    };
    const expectSame = (rest: Run) => {
      expect(rest.finished).toBe(true);
      expect(rest.step).toBe(settings.steps);
      for (const [r, weights] of whole.weights.entries()) {
        expect(firstDifference(rest.weights[r]!, weights)).toBeUndefined();
      }
      expect(Object.keys(rest.checkpoint.arenas)).toEqual(
        optimizer === 'adam' ? ['parameters', 'statistics', 'mu', 'nu'] : ['parameters', 'statistics'],
      );
      expectSameCheckpoint(rest.checkpoint, whole.checkpoint);
      expect(rest.validations.at(-1)).toEqual(whole.validations.at(-1));
      expect(rest.reports.at(-1)).toEqual(whole.reports.at(-1));
    };

    test('after an epoch', async () => {
      const first = await run(settings, quick({}), { afterEpoch: 2 });
      expect(first.finished).toBe(false);
      expect(first.step).toBe(12);
      const rest = await resumed(first);
      expectSame(rest);
      expect([...first.reports, ...rest.reports]).toEqual(whole.reports);
      expect([...first.validations, ...rest.validations]).toEqual(whole.validations);
    });

    test('with the last report of an epoch: whoever goes on begins with its validation', async () => {
      const first = await run(settings, quick({ pacing: { maxSteps: 1 } }), { afterReport: 6 });
      expect(first).toMatchObject({ finished: false, step: 6, validations: [] });
      expect(first.checkpoint.unscored).toBe(true);
      const rest = await resumed(first);
      expectSame(rest);
      expect([...first.validations, ...rest.validations]).toEqual(whole.validations);
    });

    test('within an epoch', async () => {
      const first = await run(settings, quick({ pacing: { maxSteps: 1 } }), { fromStep: 1 });
      expect(first.finished).toBe(false);
      expect(first.step).toBe(1);
      expectSame(await resumed(first));
    });

    test('its settings are those of the checkpoint, but for the steps', async () => {
      const first = await run({ ...settings, steps: 10 });
      const others = {
        ...baseSettings,
        batchSize: 8,
        replicas: [replica(9)],
        flip: false,
        steps: settings.steps,
      };
      const rest = await run(others, quick({ checkpoint: first.checkpoint }));
      expect(rest.checkpoint.settings).toEqual(settings);
      expectSame(rest);
    });

    test('some replicas alone, from the checkpoint of a shorter run: they go on as in the whole population', async () => {
      const replicas = [replica(5, 0), replica(6, 0.1), replica(8, 0.01, 0.5)];
      const all = await run({ ...settings, replicas });
      const first = await run({ ...settings, replicas, steps: 10 });
      const rest = withReplicas(readCheckpoint(writeCheckpoint(first.checkpoint)), [2, 0], settings.steps);
      expect(rest.settings).toEqual({ ...settings, replicas: [replicas[2]!, replicas[0]!] });
      const { step, weights } = await run(rest.settings, quick({ checkpoint: rest }));
      expect(step).toBe(settings.steps);
      expect(firstDifference(weights[0]!, all.weights[2]!)).toBeUndefined();
      expect(firstDifference(weights[1]!, all.weights[0]!)).toBeUndefined();
    });

    test('a checkpoint without its statistics, moments or of another population is refused', async () => {
      const { arenas, ...rest } = whole.checkpoint;
      const { [optimizer === 'adam' ? 'nu' : 'statistics']: missing, ...fewer } = arenas;
      expect(missing).toBeDefined();
      await expect(run(settings, quick({ checkpoint: { ...rest, arenas: fewer } }))).rejects.toThrow(
        /^the state has no values for (nu|statistics), this run has \d+$/,
      );
      const one = { ...settings, replicas: [replica(5)] };
      await expect(run(one, quick({ checkpoint: { ...whole.checkpoint, settings: one } }))).rejects.toThrow(
        /^the state has \d+ values for parameters, this run has \d+$/,
      );
    });
  });
});

describe('weights from a file', () => {
  const settings = { ...baseSettings, steps: 0 };
  let trained: Run;
  let file: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    trained = await run({ ...baseSettings, steps: 7 });
    file = writeSafetensors({ tensors: trained.weights[0]!, metadata: {} });
  });
  const start = async (weights: readonly NamedTensor[], net = settings.net) => {
    const two = { ...settings, net, replicas: [replica(1), replica(2)] };
    return Trainer.make(gpu, data.dataset, two, quick({ weights }));
  };

  test('names and shapes are those of PyTorch', () => {
    const shapes = Object.fromEntries(trained.weights[0]!.map(({ name, shape }) => [name, shape]));
    const hidden = (layer: number, inputs: number, outputs: number) => ({
      [`layers.${layer}.linear.weight`]: [outputs, inputs],
      [`layers.${layer}.linear.bias`]: [outputs],
      [`layers.${layer}.bn.weight`]: [outputs],
      [`layers.${layer}.bn.bias`]: [outputs],
      [`layers.${layer}.bn.running_mean`]: [outputs],
      [`layers.${layer}.bn.running_var`]: [outputs],
    });
    expect(shapes).toEqual({
      ...hidden(0, 3072, 14),
      ...hidden(1, 14, 9),
      'layers.2.linear.weight': [10, 9],
      'layers.2.linear.bias': [10],
    });
  });

  test('there and back: the same bits and scores, in every replica', async () => {
    const trainer = await start(readSafetensors(file).tensors);
    const weights = await trainer.weights();
    for (const each of weights) expect(firstDifference(each, trained.weights[0]!)).toBeUndefined();
    const scores = await trainer.evaluate('validation');
    expect(scores).toEqual([trained.validations.at(-1)![0], trained.validations.at(-1)![0]]);
    await trainer.destroy();
  });

  test('running statistics are averaged from the first step on; without them the first batch sets them', async () => {
    const statistics = (tensors: readonly NamedTensor[]) =>
      tensors.filter(({ name }) => name.includes('running')).flatMap(({ data }) => Array.from(data));
    const afterOneStep = async (weights: readonly NamedTensor[]) => {
      const { checkpoint, weights: after } = await run({ ...baseSettings, steps: 1 }, quick({ weights }));
      return { checkpoint, values: statistics(after[0]!) };
    };
    // Those of --bn-stats count as the running ones do.
    const source = await start(readSafetensors(file).tensors);
    await source.replaceStatistics({ kind: 'precise', samples: 40 });
    const [weights] = await source.weights();
    await source.destroy();
    const before = statistics(weights!);
    expect(before).not.toEqual(statistics(trained.weights[0]!));
    const fresh = await afterOneStep(weights!.filter(({ name }) => !name.includes('running')));
    const loaded = await afterOneStep(weights!);
    for (const [i, batch] of fresh.values.entries()) {
      expect(loaded.values[i]! / (0.9 * before[i]! + 0.1 * batch)).toBeCloseTo(1, 4);
    }
    const inits = ({ settings: { net } }: Checkpoint) =>
      net.layers.flatMap((layer) => (layer.kind === 'batch-norm' ? [layer.runningInit] : []));
    expect(inits(fresh.checkpoint)).toEqual(['first-batch', 'first-batch']);
    expect(inits(loaded.checkpoint)).toEqual(['loaded', 'loaded']);
  });

  test('a run that starts from weights and is interrupted ahead of its first step averages, too', async () => {
    const { tensors } = readSafetensors(file);
    const steps = { ...baseSettings, steps: 4 };
    const whole = await run(steps, quick({ weights: tensors }));
    const trainer = await Trainer.make(gpu, data.dataset, steps, quick({ weights: tensors }));
    const checkpoint = readCheckpoint(writeCheckpoint(await trainer.checkpoint()));
    await trainer.destroy();
    expect(checkpoint.step).toBe(0);
    const resumed = await run(checkpoint.settings, quick({ checkpoint }));
    expect(firstDifference(resumed.weights[0]!, whole.weights[0]!)).toBeUndefined();
  });

  test('running statistics may be missing', async () => {
    const trainer = await start(trained.weights[0]!.filter(({ name }) => !name.includes('running')));
    const [weights] = await trainer.weights();
    const values = (name: string) => Array.from(weights!.find((tensor) => tensor.name === name)!.data);
    expect(values('layers.1.bn.running_mean')).toEqual(new Array(9).fill(0));
    expect(values('layers.1.bn.running_var')).toEqual(new Array(9).fill(1));
    await trainer.destroy();
  });

  test('what does not fit is refused by name', async () => {
    const all = trained.weights[0]!;
    const without = all.filter(({ name }) => name !== 'layers.1.bn.bias');
    await expect(start(without)).rejects.toThrow('the weights lack layers.1.bn.bias');
    const extra = { name: 'layers.7.linear.bias', shape: [1], data: new Float32Array(1) };
    await expect(start([...all, extra])).rejects.toThrow(
      'the weights hold layers.7.linear.bias (1), which this net does not have',
    );
    const net = netOf({ hidden: [14, 12] });
    await expect(start(all, net)).rejects.toThrow(
      'layers.1.linear.weight is 9 x 14 in the weights, 12 x 14 in this net',
    );
    const plain = netOf({ batchNorm: null });
    await expect(start(all, plain)).rejects.toThrow(/^the weights hold layers\.0\.bn\.weight \(14\), which/);
  });

  test('training goes on from them', async () => {
    const options = quick({ weights: trained.weights[0]! });
    const a = await run({ ...baseSettings, steps: 6 }, options);
    const b = await run({ ...baseSettings, steps: 6 });
    expect(a.reports[0]!.loss[0]).toBeLessThan(b.reports[0]!.loss[0]!);
  });
});
