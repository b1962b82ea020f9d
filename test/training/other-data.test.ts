/** Data that are not CIFAR-10: 28×28×1 images, rows of two features; softmax regression, a net without a hidden layer. */
import { expect, test } from 'vitest';
import { computeNormalisation } from '../../src/data/normalisation.ts';
import { randomStream } from '../../src/data/random.ts';
import { courseBatchNorm, mlp } from '../../src/nn/net-spec.ts';
import { type GpuDataset, uploadDataset, uploadRows } from '../../src/train/dataset.ts';
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

test('a net for other data is refused in one line', async () => {
  const rows = spirals(64, 1);
  const dataset = uploadRows(await sharedGpu(), { features: 2, classes: 2, train: rows, test: rows });
  const net = mlp({ input: { features: 3 }, hidden: [], classes: 2, batchNorm: null });
  await expect(accuracy(dataset, { net })).rejects.toThrow(
    'the net takes samples of 3 values, the data have 2',
  );
  dataset.destroy();
});
