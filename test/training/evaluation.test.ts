/** What reaches the net: evaluation over partial batches, file order, flips and crops, against the float64 reference; images in two shards. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { epochOrder } from '../../src/data/sample-order.ts';
import { viewSamples, viewsOf } from '../../src/data/test-views.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { Allocator } from '../../src/gpu/tensor.ts';
import { forcedChoice } from '../../src/kernels/variant-choice.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { gather } from '../../src/reference/gather.ts';
import { netForward, netLoss } from '../../src/reference/net.ts';
import { compareWith, expectedOf } from '../../src/reference/rounding.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax-cross-entropy.ts';
import type { GpuDataset, GpuImages, ImageArrays } from '../../src/train/dataset.ts';
import type { TrainReport } from '../../src/train/report-window.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  replica,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

const imageBytes = 3072;
// 504 for validation are a batch of 500 and one of 4; 20 test images are one batch.
const trainCount = 568;
const valSize = 504;
const testCount = 20;
const settings: TrainSettings = { ...baseSettings, valSize };

let gpu: Gpu;
let data: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, trainCount, testCount);
});
afterAll(() => data.dataset.destroy());

const asState = (tensors: readonly NamedTensor[]) =>
  Object.fromEntries(tensors.map(({ name, shape, data: values }) => [name, { shape, data: values }]));

/** Loss and hits of the reference on samples of sample-order.ts, with the bound of the loss. */
function scoreOf(
  weights: readonly NamedTensor[],
  { images, labels }: ImageArrays,
  samples: Uint32Array,
  mode: 'training' | 'evaluation',
) {
  const { mean, std } = data.normalisation;
  const x = gather({ image: cifar10.image, images, mean, std }, samples);
  const sampleLabels = Array.from(samples, (sample) => labels[sample & 0xfffff]!);
  let hits: number | undefined;
  const { loss } = expectedOf((noise) => {
    const state = Object.fromEntries(
      Object.entries(asState(weights)).map(([name, tensor]) => [
        name,
        { ...tensor, data: noise(tensor.data) },
      ]),
    );
    const result = netLoss(settings.net, state, { x: noise(x), labels: sampleLabels }, { mode });
    hits ??= result.hits; // The first call is the one without noise.
    return { loss: [result.loss] };
  }, 3);
  return { loss: loss!, accuracy: hits! / samples.length };
}

const range = (first: number, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => first + i);

test('evaluate: full and partial batches, per replica', async () => {
  const replicas = [replica(3), replica(4, 0, 0.3)];
  const trainer = await Trainer.make(
    gpu,
    data.dataset,
    { ...settings, replicas, steps: 8 },
    { choose: quickChoice },
  );
  await trainer.train();
  const weights = await trainer.weights();
  for (const [split, arrays, samples] of [
    ['validation', data.train, range(trainCount - valSize, valSize)],
    ['test', data.test, range(0, testCount)],
  ] as const) {
    const scores = await trainer.evaluate(split);
    for (const [r, { loss, accuracy }] of scores.entries()) {
      const expected = scoreOf(weights[r]!, arrays, samples, 'evaluation');
      expect(compareWith([loss], expected.loss), `${split}, replica ${r}`).toMatchObject({ ok: true });
      expect(expected.loss.bound).toBeLessThan(1e-5 * expected.loss.largest);
      expect(accuracy).toBe(expected.accuracy);
    }
    expect(scores[0]!.loss).not.toBe(scores[1]!.loss);
  }
  await trainer.destroy();
});

test('a state is scored once, a changed one anew', async () => {
  const trainer = await Trainer.make(gpu, data.dataset, { ...settings, steps: 8 }, { choose: quickChoice });
  const initial = await trainer.evaluate('test');
  expect(await trainer.evaluate('test')).toBe(initial);
  expect(await trainer.evaluate('validation')).not.toEqual(initial);
  await trainer.train();
  const trained = await trainer.evaluate('test');
  expect(trained).not.toEqual(initial);
  await trainer.replaceStatistics({ kind: 'precise', samples: 40 });
  expect(await trainer.evaluate('test')).not.toEqual(trained);
  await trainer.destroy();
});

test('what is asked for at once is answered as one after the other', async () => {
  // Three batches of test images: an evaluation waits between them.
  const { dataset } = syntheticDataset(gpu, 136, 120);
  const batches = { ...settings, valSize: 36, batchSize: 50, steps: 4 };
  const trainer = await Trainer.make(gpu, dataset, batches, { choose: quickChoice });
  await trainer.train();
  const questions: (() => Promise<unknown>)[] = [
    () => trainer.confusion(),
    () => trainer.testLogits(120),
    () => trainer.evaluate('test'),
    () => trainer.testLogits(3),
  ];
  const together = await Promise.all(questions.map((ask) => ask()));
  const inTurn: unknown[] = [];
  for (const ask of questions) inTurn.push(await ask());
  expect(together).toEqual(inTurn);
  await trainer.destroy();
  dataset.destroy();
});

/** Losses of the steps of two epochs with a learning rate of 0: each is that of its batch alone. */
async function batchLosses(changes: Partial<TrainSettings>) {
  const frozen: TrainSettings = {
    ...settings,
    schedule: { kind: 'constant', rate: 0 },
    steps: 8,
    reportSteps: 1,
    shuffle: false,
    flip: false,
    cropPixels: 0,
    ...changes,
  };
  const trainer = await Trainer.make(gpu, data.dataset, frozen, { choose: quickChoice });
  expect(trainer.stepsPerEpoch).toBe(4);
  const reports: TrainReport[] = [];
  await trainer.train({ onReport: (report) => reports.push(report) });
  const weights = await trainer.weights();
  await trainer.destroy();
  return { reports, weights };
}

describe('samples of a step', () => {
  /** Compares every step with the reference on the order that sample-order.ts says. */
  async function expectOrder(
    changes: Partial<TrainSettings>,
    orderOf: (epoch: number, seed: number) => Uint32Array,
  ) {
    const replicas = [replica(3), replica(9)];
    const { reports, weights } = await batchLosses({ ...changes, replicas });
    expect(reports.length).toBe(8);
    for (const [r, { seed }] of replicas.entries()) {
      for (const [step, report] of reports.entries()) {
        const first = (step % 4) * 16;
        const samples = orderOf(Math.floor(step / 4), seed).slice(first, first + 16);
        const expected = scoreOf(weights[r]!, data.train, samples, 'training');
        expect(compareWith([report.loss[r]!], expected.loss), `step ${step}`).toMatchObject({ ok: true });
        expect(report.accuracy[r]).toBe(expected.accuracy);
      }
    }
    return reports;
  }

  test('no shuffle: file order, the same in each epoch', async () => {
    const reports = await expectOrder({}, () => range(0, 64));
    expect(reports.slice(4).map(({ loss }) => loss)).toEqual(reports.slice(0, 4).map(({ loss }) => loss));
  });

  const drawn = { firstImage: 0, count: 64 };

  test('shuffle: each epoch and each seed its own order', async () => {
    const orderOf = (epoch: number, seed: number) =>
      epochOrder({ ...drawn, seed, epoch, shuffle: true, flip: false });
    const reports = await expectOrder({ shuffle: true }, orderOf);
    expect(orderOf(0, 3)).not.toEqual(orderOf(1, 3));
    expect(orderOf(0, 3)).not.toEqual(orderOf(0, 9));
    const plain = await batchLosses({});
    expect(reports[0]!.loss[0]).not.toBe(plain.reports[0]!.loss[0]);
  });

  test('flip and crop: other pixels, the same ones each time', async () => {
    const flipped = (epoch: number, seed: number) =>
      epochOrder({ ...drawn, seed, epoch, shuffle: false, flip: true });
    const a = await expectOrder({ flip: true }, flipped);
    const b = await batchLosses({ flip: true, replicas: [replica(3), replica(9)] });
    expect(b.reports.map(({ loss }) => loss)).toEqual(a.map(({ loss }) => loss));
    expect(new Set(flipped(0, 3).map((sample) => sample >>> 20))).toEqual(new Set([0, 1]));

    const cropped = (epoch: number, seed: number) =>
      epochOrder({ ...drawn, seed, epoch, shuffle: false, flip: true, cropPixels: 3 });
    const c = await expectOrder({ flip: true, cropPixels: 3 }, cropped);
    for (const [step, { loss }] of c.entries()) expect(loss).not.toEqual(a[step]!.loss);
  });
});

test('images in two shards give the bits of images in one', async () => {
  const allocator = new Allocator(gpu);
  const inTwo = (images: GpuImages, { images: bytes }: ImageArrays, shardImages: number): GpuImages => {
    const shard = (label: string, first: number, count: number) => {
      const tensor = allocator.tensor(label, (count * imageBytes) / 4);
      const part = bytes.subarray(first * imageBytes, (first + count) * imageBytes);
      gpu.device.queue.writeBuffer(tensor.buffer, 0, part);
      return tensor;
    };
    const imagesB = shard('second shard', shardImages, images.count - shardImages);
    return { ...images, shardImages, imagesA: shard('first shard', 0, shardImages), imagesB };
  };
  const sharded: GpuDataset = {
    ...data.dataset,
    train: inTwo(data.dataset.train as GpuImages, data.train, 28),
    test: inTwo(data.dataset.test as GpuImages, data.test, 12),
  };
  const sharding = {
    'gather-matmul-forward': 'quad-13x12',
    'gather-matmul-wgrad': 'quad-16x12',
  };
  const options = { choose: forcedChoice(sharding, quickChoice) };
  const runs = [];
  for (const dataset of [data.dataset, sharded]) {
    const trainer = await Trainer.make(gpu, dataset, { ...settings, steps: 8, cropPixels: 0 }, options);
    await trainer.train();
    const scores = [await trainer.evaluate('validation'), await trainer.evaluate('test')];
    runs.push({ scores, weights: await trainer.weights() });
    await trainer.destroy();
  }
  expect(firstDifference(runs[0]!.weights[0]!, runs[1]!.weights[0]!)).toBeUndefined();
  expect(runs[1]!.scores).toEqual(runs[0]!.scores);
  allocator.destroy();
});

test.each(['flip', 'shift'] as const)(
  'logits averaged over views, %s: full and partial batches',
  async (kind) => {
    const net = {
      input: cifar10.image,
      layers: [
        { kind: 'conv', filters: 6, size: 8, stride: 8 },
        { kind: 'relu' },
        { kind: 'flatten' },
        { kind: 'linear', outputs: 10 },
      ],
      classes: 10,
    } as const;
    const replicas = [replica(3), replica(4, 0, 0.3)];
    const trainer = await Trainer.make(
      gpu,
      data.dataset,
      { ...settings, net, replicas, steps: 8 },
      { choose: quickChoice },
    );
    await trainer.train();
    const weights = await trainer.weights();
    const scores = await trainer.evaluate('validation', kind);
    const { images, labels } = data.train;
    const { mean, std } = data.normalisation;
    const count = 504;
    const sampleLabels = labels.subarray(trainCount - count);
    for (const [r, tensors] of weights.entries()) {
      const logits = new Float64Array(10 * count);
      for (const { flip, shift, weight } of viewsOf(kind)) {
        const samples = viewSamples(
          { firstImage: trainCount - count, count },
          [{ flip, shift, weight }],
          count,
        );
        const x = gather({ image: cifar10.image, images, mean, std }, samples, 'reflect');
        for (const [i, logit] of netForward(net, asState(tensors), x, 'evaluation').entries()) {
          logits[i]! += weight * logit;
        }
      }
      const { loss, hit } = softmaxCrossEntropy(logits, sampleLabels, count, 10);
      const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
      expect(Math.abs(scores[r]!.loss / (total(loss) / count) - 1)).toBeLessThan(1e-5);
      expect(scores[r]!.accuracy).toBe(total(hit) / count);
    }
    const plain = await trainer.evaluate('validation');
    expect(plain[0]!.loss).not.toBe(scores[0]!.loss);
    await trainer.destroy();
  },
);
