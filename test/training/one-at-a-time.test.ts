/** One trainer, or predictor, asked for several things at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { mlp } from '../../src/nn/net-spec.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import { uploadRows } from '../../src/train/dataset.ts';
import type { Score } from '../../src/train/evaluation.ts';
import { Predictor } from '../../src/train/predictor.ts';
import type { TrainReport } from '../../src/train/report-window.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  netOf,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

let gpu: Gpu;
let data: SyntheticDataset;
let long: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, 136, 20);
  // Epochs, and evaluations, of several submits.
  long = syntheticDataset(gpu, 1600, 1100);
});
afterAll(() => {
  data.dataset.destroy();
  long.dataset.destroy();
});

/** Few steps a submit: what a callback asks for comes some submits behind it, which on a fast machine are most of a run. */
const make = (changes: Partial<typeof baseSettings> = {}, { dataset } = data) =>
  Trainer.make(
    gpu,
    dataset,
    { ...baseSettings, ...changes },
    { choose: quickChoice, pacing: { maxSteps: 8 } },
  );

/** A signal that is aborted from the submit on that brings this about: one sent by a callback may come behind several more. */
function abortedWith(isSo: () => boolean): AbortSignal {
  const { signal } = new AbortController();
  return Object.defineProperty(signal, 'aborted', { get: isSo });
}

describe('a trainer', () => {
  test('that trains refuses to train, and has the bits of one that was not asked', async () => {
    const [asked, alone] = [await make(), await make()];
    const training = asked.train();
    await expect(asked.train()).rejects.toThrow('this trainer trains already');
    expect(await training).toBe(true);
    await alone.train();
    const [a, b] = [await asked.weights(), await alone.weights()];
    expect(firstDifference(a[0]!, b[0]!)).toBeUndefined();
    // What is over may be asked again: there is nothing left to train.
    expect(await asked.train()).toBe(true);
    await asked.destroy();
    await alone.destroy();
  });

  test('scores one state in the middle of a training, which goes on as if it had not', async () => {
    const settings = { steps: 400, batchSize: 4, valSize: 0, reportSteps: 1 };
    const trainer = await make(settings, long);
    await trainer.prepareEvaluations('test');
    let scored: Promise<{ readonly step: number; readonly scores: readonly Score[] }> | undefined;
    await trainer.train({
      onReport({ step }) {
        if (step < 20) return;
        scored ??= trainer.evaluate('test').then((scores) => ({ step: trainer.step, scores }));
      },
    });
    const { step, scores } = await scored!;
    expect(step).toBeLessThan(400);
    const upToThere = await make({ ...settings, steps: step }, long);
    await upToThere.train();
    expect(await upToThere.evaluate('test')).toEqual(scores);
    const alone = await make(settings, long);
    await alone.train();
    const [a, b] = [await trainer.weights(), await alone.weights()];
    expect(firstDifference(a[0]!, b[0]!)).toBeUndefined();
    await Promise.all([trainer, upToThere, alone].map((one) => one.destroy()));
  });

  test.each(['before it trains', 'while it trains'])(
    'asked for one thing after another %s: no step comes in between',
    async (when) => {
      const settings = { steps: 400, batchSize: 4, valSize: 300, reportSteps: 1 };
      const trainer = await make(settings, long);
      await trainer.prepareEvaluations('validation', 'test');
      const steps: number[] = [];
      const chain = async () => {
        const validation = await trainer.evaluate('validation');
        steps.push(trainer.step);
        const test = await trainer.evaluate('test');
        steps.push(trainer.step);
        const confusion = await trainer.confusion();
        steps.push(trainer.step);
        return { validation, test, confusion };
      };
      let asked = when === 'before it trains' ? chain() : undefined;
      await trainer.train({
        onReport({ step }) {
          if (step >= 20) asked ??= chain();
        },
      });
      const scored = await asked!;
      const [step] = steps;
      expect(step).toBeLessThan(300);
      expect(steps).toEqual([step, step, step]);
      const upToThere = await make({ ...settings, steps: step! }, long);
      await upToThere.train();
      expect(await upToThere.evaluate('validation')).toEqual(scored.validation);
      expect(await upToThere.evaluate('test')).toEqual(scored.test);
      expect(await upToThere.confusion()).toEqual(scored.confusion);
      await Promise.all([trainer, upToThere].map((one) => one.destroy()));
    },
  );

  test('that is destroyed in the middle of a training ends it, and the device serves others', async () => {
    const trainer = await make({ steps: 100_000 });
    const told = new Promise<void>((resolve) => {
      void trainer.train({ onFirstStep: resolve }).then((finished) => expect(finished).toBe(false));
    });
    await told;
    await trainer.destroy();
    await expect(trainer.train()).rejects.toThrow('destroyed');
    const other = await make();
    expect(await other.train()).toBe(true);
    gpu.check();
    await other.destroy();
  });

  test('without a validation split says so, and the device serves on', async () => {
    const trainer = await make({ valSize: 0 });
    await expect(trainer.evaluate('validation')).rejects.toThrow(
      'valSize is 0: there is no validation split',
    );
    await expect(trainer.testLogits(0)).rejects.toThrow('n: 0 is not from 1 to 20');
    expect(await trainer.evaluate('test')).toHaveLength(1);
    await trainer.destroy();
  });

  test('ends with what a callback throws, in the middle of an epoch', async () => {
    const trainer = await make({ steps: 400, batchSize: 4, valSize: 0, reportSteps: 1 }, long);
    const onReport = () => {
      throw new Error('the chart is full');
    };
    await expect(trainer.train({ onReport })).rejects.toThrow('the chart is full');
    expect(trainer.step).toBeLessThan(400);
    await trainer.destroy();
  });

  test('ends with what is thrown by who is told of the first step, or of the compiled ones', async () => {
    const tell = () => {
      throw new Error('nobody listens');
    };
    const trainer = await make({ steps: 400, batchSize: 4, valSize: 0, reportSteps: 1 }, long);
    await expect(trainer.train({ onFirstStep: tell })).rejects.toThrow('nobody listens');
    expect(trainer.step).toBeLessThan(400);
    await expect(trainer.train()).rejects.toThrow('nobody listens');
    await trainer.destroy();
    // Told of the last step, too.
    const short = await make({ steps: 3, valSize: 0, reportSteps: 3 });
    await expect(short.train({ onReport: tell })).rejects.toThrow('nobody listens');
    expect(short.step).toBe(3);
    await expect(short.train()).rejects.toThrow('nobody listens');
    await short.destroy();
    const options = { choose: quickChoice, onCompiled: tell };
    await expect(Trainer.make(gpu, data.dataset, baseSettings, options)).rejects.toThrow('nobody listens');
    gpu.check();
  });

  test.each(['onFirstStep', 'onReport', 'onValidation'])(
    'ends with what the promise of %s rejects with',
    async (name) => {
      const trainer = await make();
      const callback = () => Promise.reject(new Error('the server is gone'));
      await expect(trainer.train({ [name]: callback })).rejects.toThrow('the server is gone');
      await trainer.destroy();
    },
  );

  test.each(['before', 'in the middle of'])(
    'whose data are freed %s its training says so, and the device serves others',
    async (when) => {
      const own = syntheticDataset(gpu, 136, 20);
      const trainer = await make({ steps: 100_000 }, own);
      const free = () => {
        if (when === 'before' || trainer.step > 0) own.dataset.destroy();
      };
      free();
      await expect(trainer.train({ between: free })).rejects.toThrow(/^training .*: its buffers were freed$/);
      await expect(trainer.evaluate('test')).rejects.toThrow(/: its buffers were freed$/);
      await trainer.destroy();
      const other = await make();
      expect(await other.train()).toBe(true);
      gpu.check();
      await other.destroy();
    },
  );

  test('takes no data of another device', async () => {
    const elsewhere = { ...data.dataset, device: {} as GPUDevice };
    await expect(Trainer.make(gpu, elsewhere, baseSettings)).rejects.toThrow(
      'the data set is on another device',
    );
  });

  test('goes on over as many samples as before', async () => {
    const trainer = await make({ steps: 2 });
    const checkpoint = readCheckpoint(writeCheckpoint(await trainer.checkpoint()));
    await trainer.destroy();
    const options = { choose: quickChoice, checkpoint };
    await expect(Trainer.make(gpu, long.dataset, baseSettings, options)).rejects.toThrow(
      'the checkpoint is of 100 training samples, not of 1564',
    );
    gpu.check();
  });

  test('a score that one caller stops is there for another', async () => {
    const trainer = await make({}, long);
    const stop = new AbortController();
    const stopped = trainer.evaluate('test', undefined, stop.signal);
    const asked = trainer.evaluate('test');
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    const scores = await asked;
    expect(await trainer.evaluate('test', undefined, new AbortController().signal)).toBe(scores);
    await trainer.destroy();
  });

  test('owes the end of an epoch in which it failed, and begins with that', async () => {
    const trainer = await make({ steps: 12, batchSize: 20, valSize: 36, reportSteps: 1 });
    const kept: number[] = [];
    const onCheckpoint = ({ step }: { readonly step: number }) => {
      kept.push(step);
      if (kept.length === 1 || kept.length === 4) throw new Error('the disk is full');
    };
    await expect(trainer.train({ onCheckpoint })).rejects.toThrow('the disk is full');
    await expect(trainer.train({ onCheckpoint })).rejects.toThrow('the disk is full');
    expect(await trainer.train({ onCheckpoint })).toBe(true);
    expect(kept).toEqual([5, 5, 10, 12, 12]);
    await trainer.destroy();
  });

  test('that is stopped and goes on reports all steps, also from a checkpoint', async () => {
    const settings = { steps: 20, batchSize: 4, valSize: 0, reportSteps: 10 };
    const [stopped, whole] = [await make(settings, long), await make(settings, long)];
    const reports: { stopped: TrainReport[]; whole: TrainReport[] } = { stopped: [], whole: [] };
    await whole.train({ onReport: (report) => reports.whole.push(report) });
    const onReport = (report: TrainReport) => reports.stopped.push(report);
    const signal = abortedWith(() => stopped.step > 0);
    expect(await stopped.train({ onReport, signal })).toBe(false);
    // The first submit is of one step.
    expect(stopped.step).toBe(1);
    const checkpoint = readCheckpoint(writeCheckpoint(await stopped.checkpoint()));
    expect(checkpoint.unreported).toMatchObject({ steps: 1 });
    expect(await stopped.train({ onReport })).toBe(true);
    const saidOf = (of: readonly TrainReport[]) => of.map(({ msPerStep: _, ...rest }) => rest);
    expect(saidOf(reports.stopped)).toEqual(saidOf(reports.whole));
    const options = { choose: quickChoice, checkpoint };
    const rest = await Trainer.make(gpu, long.dataset, checkpoint.settings, options);
    expect((await rest.checkpoint()).unreported).toEqual(checkpoint.unreported);
    const ofRest: TrainReport[] = [];
    await rest.train({ onReport: (report) => ofRest.push(report) });
    expect(saidOf(ofRest)).toEqual(saidOf(reports.whole));
    expect((await rest.checkpoint()).unreported).toBeUndefined();
    await Promise.all([stopped, whole, rest].map((one) => one.destroy()));
  });

  test('that is destroyed answers what waited for a rest', async () => {
    const trainer = await make({ steps: 100_000, batchSize: 4, valSize: 0 }, long);
    await trainer.prepareEvaluations('test');
    let asked: Promise<unknown>[] = [];
    const told = new Promise<void>((resolve) => {
      const onFirstStep = () => {
        asked = [trainer.evaluate('test'), trainer.confusion(), trainer.testLogits(5)];
        resolve();
      };
      void trainer.train({ onFirstStep });
    });
    await told;
    await trainer.destroy();
    expect(await Promise.all(asked)).toHaveLength(3);
    gpu.check();
  });

  test('of a convolutional net refuses rows, and images of another form', async () => {
    const rows = { rows: new Float32Array(16 * 20), labels: new Uint8Array(20) };
    const dataset = uploadRows(gpu, { features: 16, classes: 2, train: rows, test: rows });
    const layers = [
      { kind: 'conv', filters: 4, size: 2 },
      { kind: 'flatten' },
      { kind: 'linear', outputs: 2 },
    ] as const;
    const net = { input: { channels: 1, height: 4, width: 4 }, layers, classes: 2 };
    const settings = { ...baseSettings, net, valSize: 0, flip: false, cropPixels: 0 };
    await expect(Trainer.make(gpu, dataset, settings)).rejects.toThrow(
      'the net takes samples of 1 x 4 x 4 values, the data have 16',
    );
    const other = { ...net, input: { channels: 12, height: 16, width: 16 } };
    await expect(make({ net: other })).rejects.toThrow(
      'the net takes samples of 12 x 16 x 16 values, the data have 3 x 32 x 32',
    );
    const linear = mlp({ input: { features: 16 }, hidden: [], classes: 2 });
    await expect(Trainer.make(gpu, dataset, { ...settings, net: linear, flip: true })).rejects.toThrow(
      'flip, cropPixels: only for images',
    );
    await expect(make({ net: netOf({}), cropBorder: 'reflect' })).rejects.toThrow(
      'without convolutions borders are black',
    );
    dataset.destroy();
    gpu.check();
  });
});

/** x (2) to its products with (1, 2), (3, 4) and (5, 6). */
const makePredictor = (batchSize: number) =>
  Predictor.make(gpu, {
    net: mlp({ input: { features: 2 }, hidden: [], classes: 3 }),
    weights: [
      { name: 'layers.0.linear.weight', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: 'layers.0.linear.bias', shape: [3], data: new Float32Array(3) },
    ],
    choose: quickChoice,
    batchSize,
  });

test('two calls of a predictor have the logits of each alone', async () => {
  const predictor = await makePredictor(4);
  const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1, 1, 1)];
  const [ofA, ofB] = await Promise.all([predictor.logits(a), predictor.logits(b)]);
  expect([...ofA!]).toEqual([1, 3, 5]);
  expect([...ofB!]).toEqual([2, 4, 6, 3, 7, 11]);
  const classes = predictor.classes(Float32Array.of(0, 1, 3e38, 3e38));
  await expect(classes).rejects.toThrow('the logits of sample 1 are not finite');
  await predictor.destroy();
});

test('a predictor that is destroyed answers what it was asked', async () => {
  // Several batches, of several submits each.
  const predictor = await makePredictor(2500);
  const asked = predictor.logits(new Float32Array(2 * 20_000).fill(1));
  await predictor.destroy();
  expect(new Set(await asked)).toEqual(new Set([3, 7, 11]));
  gpu.check();
});
