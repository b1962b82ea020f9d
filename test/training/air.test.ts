/** A small net of airbench94's shape, trained on synthetic images: what the data whiten, what stays as it is, populations, runs that go on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { ConvSpec } from '../../src/nn/layers/conv.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { whiteningFilters } from '../../src/nn/whitening.ts';
import { gather } from '../../src/reference/gather.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  replica,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

const norm = {
  kind: 'batch-norm',
  eps: 1e-12,
  statsMomentum: 0.4,
  runningVariance: 'unbiased',
  runningInit: 'zero-one',
  scale: false,
  biasRate: 64,
} as const;
const net: NetSpec = {
  input: cifar10.image,
  layers: [
    { kind: 'conv', filters: 24, size: 2, stride: 2, initial: 'whitening' },
    { kind: 'gelu' },
    { kind: 'conv', filters: 12, size: 3, padding: 1, bias: false, initial: 'dirac' },
    { kind: 'max-pool', size: 2 },
    norm,
    { kind: 'gelu' },
    { kind: 'max-pool', size: 8 },
    { kind: 'flatten' },
    { kind: 'linear', outputs: 10, bias: false },
    { kind: 'scale', factor: 1 / 9 },
  ],
  classes: 10,
};
const settings: TrainSettings = {
  ...baseSettings,
  net,
  init: 'torch',
  optimizer: { kind: 'sgd', momentum: 0.85, nesterov: true, weightDecay: 0.001 },
  schedule: { kind: 'constant', rate: 0.02 },
  steps: 9,
  lookahead: 2,
  replicas: [replica(3, 0)],
};
const trainCount = 136;

let gpu: Gpu;
let data: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, trainCount, 20);
});
afterAll(() => data.dataset.destroy());

const make = (changes: Partial<TrainSettings>, options: TrainerOptions = {}) =>
  Trainer.make(gpu, data.dataset, { ...settings, ...changes }, { choose: quickChoice, ...options });

async function weightsAfter(changes: Partial<TrainSettings>): Promise<NamedTensor[][]> {
  const trainer = await make(changes);
  await trainer.train();
  const weights = await trainer.weights();
  await trainer.destroy();
  return weights;
}

const tensorOf = (weights: readonly NamedTensor[], name: string) =>
  weights.find((tensor) => tensor.name === name)!.data;

test('the first filters whiten the training images, and stay; so does gamma; all else is trained', async () => {
  const [before, after] = [(await weightsAfter({ steps: 0 }))[0]!, (await weightsAfter({}))[0]!];
  const { mean, std } = data.normalisation;
  // The last images are for validation.
  const training = Uint32Array.from({ length: trainCount - settings.valSize }, (_, i) => i);
  const values = gather({ image: cifar10.image, images: data.train.images, mean, std }, training);
  const expected = whiteningFilters({ values, ...cifar10.image }, 2);
  const filters = tensorOf(before, 'layers.0.conv.weight');
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Images in float32 turn the eigenvectors a little, and their signs are free.
  for (let i = 0; i < 12; i++) {
    const rows = [filters, expected].map((all) => all.subarray(i * 12, (i + 1) * 12));
    const dot = rows[0]!.reduce((sum, value, k) => sum + value * rows[1]![k]!, 0);
    for (const [k, value] of rows[0]!.entries()) {
      expect(Math.abs(value - Math.sign(dot) * rows[1]![k]!)).toBeLessThan(1e-3 * largest);
    }
  }
  for (const { name, data: values } of after) {
    const stays = name === 'layers.0.conv.weight' || name === 'layers.4.bn.weight';
    expect(
      firstDifference(
        [{ name, shape: [], data: tensorOf(before, name) }],
        [{ name, shape: [], data: values }],
      ) === undefined,
      name,
    ).toBe(stays);
  }
  expect(new Set(tensorOf(after, 'layers.4.bn.weight'))).toEqual(new Set([1]));
});

test('a bias that learns in one epoch stays as it is then; all else goes on', async () => {
  const [first, ...rest] = net.layers as readonly [ConvSpec, ...NetSpec['layers']];
  const { lookahead: _, ...plain } = settings;
  const after = async (steps: number) => {
    const trainer = await Trainer.make(
      gpu,
      data.dataset,
      { ...plain, steps, net: { ...net, layers: [{ ...first, biasEpochs: 1 }, ...rest] } },
      { choose: quickChoice },
    );
    const { stepsPerEpoch } = trainer;
    await trainer.train();
    const [weights] = await trainer.weights();
    await trainer.destroy();
    const [bias, filters] = ['layers.0.conv.bias', 'layers.2.conv.weight'].map((name) =>
      tensorOf(weights!, name),
    );
    return { stepsPerEpoch, bias, filters };
  };
  const whole = await after(9);
  const { stepsPerEpoch } = whole;
  expect(stepsPerEpoch).toBeLessThan(9);
  const [before, epoch] = [await after(stepsPerEpoch - 1), await after(stepsPerEpoch)];
  expect(epoch.bias).not.toEqual(before.bias);
  expect(whole.bias).toEqual(epoch.bias);
  expect(whole.filters).not.toEqual(epoch.filters);
});

test('each replica of a population has the bits of a run of its own', async () => {
  const replicas = [replica(3, 0), replica(4, 0, 0.5)];
  const population = await weightsAfter({ replicas });
  for (const [r, own] of replicas.entries()) {
    const [single] = await weightsAfter({ replicas: [own] });
    expect(firstDifference(population[r]!, single!)).toBeUndefined();
  }
});

test('gradients are those of what is trained', async () => {
  const trainer = await make({ steps: 1 });
  await trainer.train();
  const [gradients] = await trainer.gradients();
  expect(gradients!.map(({ name }) => name).sort()).toEqual([
    'layers.0.conv.bias',
    'layers.2.conv.weight',
    'layers.4.bn.bias',
    'layers.8.linear.weight',
  ]);
  for (const { name, data: values } of gradients!)
    expect(
      values.some((value) => value !== 0),
      name,
    ).toBe(true);
  await trainer.destroy();
});

test('a run that goes on has the bits of one in a piece', async () => {
  const [whole] = await weightsAfter({});
  const stop = new AbortController();
  const first = await make({ reportSteps: 3 });
  await first.train({ onReport: () => stop.abort(), signal: stop.signal });
  const checkpoint = await first.checkpoint();
  expect(checkpoint.step).toBeLessThan(settings.steps);
  const rest = await make({}, { checkpoint });
  await rest.train();
  expect(firstDifference(whole!, (await rest.weights())[0]!)).toBeUndefined();
  for (const trainer of [first, rest]) await trainer.destroy();
});

test('a layer that whitens behind others is refused by name', async () => {
  const layers = [{ kind: 'relu' }, ...net.layers] as const;
  await expect(make({ net: { ...net, layers } })).rejects.toThrow(
    'layer 1 (layers.1.conv) whitens: only the first layer can',
  );
});
