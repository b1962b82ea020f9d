/** Data that are not CIFAR-10: 28×28×1 images, rows of two features; softmax regression, a net without a hidden layer. */
import { expect, test } from 'vitest';
import { cifar100 } from '../../src/data/datasets/cifar100.ts';
import { datasetUrl } from '../../src/data/datasets/index.ts';
import { computeNormalisation, serialiseNormalisation } from '../../src/data/normalisation.ts';
import { randomStream } from '../../src/data/random.ts';
import {
  imageBytes,
  type RecordSet,
  recordBytes,
  type Split,
  splitRecords,
} from '../../src/data/record-set.ts';
import { courseBatchNorm, mlp } from '../../src/nn/net-spec.ts';
import { type GpuDataset, loadDataset, uploadDataset, uploadRows } from '../../src/train/dataset.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { baseSettings } from './synthetic.ts';

/** Two spirals, a class each: no straight line tells them apart. */
function spirals(count: number, seed: number) {
  const stream = randomStream(seed, 'test');
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const rows = new Float32Array(2 * count);
  for (const [i, label] of labels.entries()) {
    const t = 0.25 + 2.5 * stream.float();
    const angle = t * Math.PI + label * Math.PI;
    rows.set([(t * Math.cos(angle)) / 2 + 0.02 * stream.normal(), (t * Math.sin(angle)) / 2], 2 * i);
  }
  return { rows, labels };
}

/** A bright square in one of four corners, on noise. */
function corners(count: number, seed: number) {
  const stream = randomStream(seed, 'test');
  const labels = Uint8Array.from({ length: count }, () => stream.below(4));
  const images = Uint8Array.from({ length: count * 784 }, () => stream.below(120));
  for (const [i, label] of labels.entries()) {
    const [top, left] = [label < 2 ? 3 : 17, label % 2 === 0 ? 3 : 17];
    for (let r = 0; r < 8; r++)
      images.fill(200, i * 784 + (top + r) * 28 + left, i * 784 + (top + r) * 28 + left + 8);
  }
  return { images, labels };
}

async function accuracy(dataset: GpuDataset, changes: Partial<typeof baseSettings>): Promise<number> {
  const settings = { ...baseSettings, shuffle: true, flip: false, cropPixels: 0, valSize: 0, ...changes };
  const trainer = await Trainer.make(await sharedGpu(), dataset, settings, { choose: quickChoice });
  await trainer.train();
  const [score] = await trainer.evaluate('test');
  await trainer.destroy();
  return score!.accuracy;
}

test('28×28×1 images by softmax regression', async () => {
  const [train, test] = [corners(400, 1), corners(100, 2)];
  const normalisation = computeNormalisation(train.images, 400, 784);
  const image = { channels: 1, height: 28, width: 28 };
  const dataset = uploadDataset(await sharedGpu(), { image, classes: 4, train, test, normalisation });
  const net = mlp({ input: image, hidden: [], classes: 4, batchNorm: null });
  const schedule = { kind: 'constant', rate: 0.01 } as const;
  expect(await accuracy(dataset, { net, schedule, steps: 60 })).toBeGreaterThan(0.95);
  dataset.destroy();
});

test('rows of two features: a net with hidden layers bends around spirals', async () => {
  const [train, test] = [spirals(512, 1), spirals(200, 2)];
  const dataset = uploadRows(await sharedGpu(), { features: 2, classes: 2, train, test });
  const net = mlp({ input: { features: 2 }, hidden: [32, 32], classes: 2, batchNorm: courseBatchNorm });
  const schedule = { kind: 'constant', rate: 0.1 } as const;
  const trained = await accuracy(dataset, { net, schedule, steps: 800, batchSize: 64 });
  const linear = mlp({ input: { features: 2 }, hidden: [], classes: 2, batchNorm: null });
  expect(trained).toBeGreaterThan(0.95);
  expect(await accuracy(dataset, { net: linear, schedule, steps: 800, batchSize: 64 })).toBeLessThan(0.8);
  dataset.destroy();
});

test('records of CIFAR-100, streamed, are the images and classes that are in them', async () => {
  const count = { train: 400, test: 40 };
  // The second file begins in the middle of a word of labels.
  const inFirst = 201;
  const set: RecordSet = {
    ...cifar100,
    files: cifar100.files.flatMap((file) => {
      if (file.split === 'test') return [{ ...file, images: count.test }];
      const rest = { name: 'rest.bin', firstImage: inFirst, images: count.train - inFirst };
      return [
        { ...file, images: inFirst },
        { ...file, ...rest },
      ];
    }),
  };
  const of = (split: Split): Uint8Array<ArrayBuffer> => {
    const stream = randomStream(split === 'train' ? 1 : 2, 'test');
    return Uint8Array.from({ length: count[split] * recordBytes(set) }, (_, i) =>
      i % recordBytes(set) < 2 ? stream.below(100) : stream.below(256),
    );
  };
  const arrays = { train: splitRecords(set, of('train')), test: splitRecords(set, of('test')) };
  const normalisation = computeNormalisation(arrays.train.images, 300, imageBytes(set));
  const bodies: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
    '/data/cifar100/train.bin': of('train').slice(0, inFirst * recordBytes(set)),
    '/data/cifar100/rest.bin': of('train').slice(inFirst * recordBytes(set)),
    '/data/cifar100/test.bin': of('test'),
    '/data/cifar100/normalisation-300.f64': serialiseNormalisation(normalisation),
  };
  const fetch = async (url: string) => new Response(bodies[url]);
  const gpu = await sharedGpu();
  const streamed = await loadDataset(gpu, set, { baseUrl: datasetUrl(set), fetch }, { trainingImages: 300 });
  const uploaded = uploadDataset(gpu, { ...set, ...arrays, classes: 100, normalisation });
  const net = mlp({ input: set.image, hidden: [16], classes: 100, batchNorm: courseBatchNorm });
  const train = async (dataset: GpuDataset) => {
    const settings = { ...baseSettings, net, valSize: 100, steps: 4 };
    const trainer = await Trainer.make(gpu, dataset, settings, { choose: quickChoice });
    await trainer.train();
    const scores = [await trainer.evaluate('validation'), await trainer.evaluate('test')];
    await trainer.destroy();
    dataset.destroy();
    return scores;
  };
  const scores = await train(streamed);
  expect(scores[1]![0]!.loss).toBeGreaterThan(1);
  expect(scores).toEqual(await train(uploaded));
});

test('a net for other data is refused in one line', async () => {
  const rows = spirals(64, 1);
  const dataset = uploadRows(await sharedGpu(), { features: 2, classes: 2, train: rows, test: rows });
  const net = mlp({ input: { features: 3 }, hidden: [], classes: 2, batchNorm: null });
  await expect(accuracy(dataset, { net })).rejects.toThrow(
    'the net takes samples of 3 values, the data have 2',
  );
  dataset.destroy();
});
