/** Precise and adaptive batch-norm statistics on the GPU, in several chunks, against the float64 reference. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { courseBatchNorm } from '../../src/nn/net-spec.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { gather } from '../../src/reference/gather.ts';
import { netStatistics } from '../../src/reference/net.ts';
import type { StateDict } from '../../src/reference/numbers.ts';
import { compareWith, expectedOf, isTight } from '../../src/reference/rounding.ts';
import { describeComparison } from '../../src/reference/tolerance.ts';
import { statisticsSamples } from '../../src/train/batch-statistics.ts';
import type { BatchStatisticsSpec, TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import type { FullyConnected } from '../fully-connected.ts';
import { quickChoice, sharedGpu } from './device.ts';
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

const trainImages = 136;
const testImages = 96;
const valSize = 36;
/** Four chunks and a part of a fifth. */
const chunkSize = 16;
const specs: readonly BatchStatisticsSpec[] = [
  { kind: 'precise', samples: 71 },
  { kind: 'adaptive', samples: 67 },
];

/**
 * A sum over a chunk errs by up to 8 sqrt(terms) 2^-24 of its size (tolerance.ts), which rounding.ts does not see: its noise is that
 * of parameters and inputs. The layers before add theirs, at most doubled by the square in the variance.
 */
const sumError = (layer: number, largest: number): number =>
  (2 * layer + 1) * 8 * Math.sqrt(chunkSize) * 2 ** -24 * largest;

beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, trainImages, testImages);
});
afterAll(() => data.dataset.destroy());

const settingsOf = (net: Partial<FullyConnected>, seeds: readonly number[]): TrainSettings => ({
  ...baseSettings,
  net: netOf(net),
  steps: 5,
  valSize,
  replicas: seeds.map((seed) => replica(seed)),
});

/** Trains a little, then replaces the statistics by each of `replacements` in turn. */
async function weightsAfter(
  settings: TrainSettings,
  replacements: readonly BatchStatisticsSpec[],
): Promise<NamedTensor[][]> {
  const trainer = await Trainer.make(gpu, data.dataset, settings, { choose: quickChoice });
  await trainer.train();
  for (const spec of replacements) await trainer.replaceStatistics(spec, chunkSize);
  const weights = await trainer.weights();
  await trainer.destroy();
  gpu.check();
  return weights;
}

const stateOf = (weights: readonly NamedTensor[]): StateDict =>
  Object.fromEntries(weights.map(({ name, shape, data }) => [name, { shape, data }]));

const nets: readonly (readonly [string, Partial<FullyConnected>])[] = [
  ['before ReLU, biased', {}],
  ['before ReLU, unbiased', { batchNorm: { ...courseBatchNorm, runningVariance: 'unbiased' } }],
  [
    'after ReLU, three layers',
    { hidden: [14, 9, 6], batchNorm: { ...courseBatchNorm, order: 'after-relu' } },
  ],
];

describe.each(nets)('batch norm %s', (_, net) => {
  test.each(specs)('$kind statistics of $samples samples', async (spec) => {
    const settings = settingsOf(net, [3, 8]);
    const before = await weightsAfter(settings, []);
    const after = await weightsAfter(settings, [spec]);
    for (const [r, { seed }] of settings.replicas.entries()) {
      const source = { dataset: data.dataset, training: { firstImage: 0, count: trainImages - valSize } };
      const samples = statisticsSamples(spec, source, seed);
      const { images } = spec.kind === 'precise' ? data.train : data.test;
      const { mean, std } = data.normalisation;
      const x = gather({ image: cifar10.image, images, mean, std }, samples);
      const state = stateOf(before[r]!);
      const truth = expectedOf((noise) => {
        const noisy = Object.entries(state).map(
          ([name, { shape, data: values }]) => [name, { shape, data: noise(values) }] as const,
        );
        const found = netStatistics(settings.net, Object.fromEntries(noisy), noise(x));
        return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensor.data]));
      }, 4);
      expect(Object.keys(truth)).toHaveLength(
        2 * settings.net.layers.filter(({ kind }) => kind === 'batch-norm').length,
      );
      for (const { name, data: values } of after[r]!) {
        const expected = truth[name];
        if (expected === undefined) {
          // Only the statistics change.
          expect(values, name).toEqual(before[r]!.find((tensor) => tensor.name === name)!.data);
          continue;
        }
        expect(isTight(expected, 1e-4), `${name}: ${expected.bound} of ${expected.largest}`).toBe(true);
        const layer = Number(name.split('.')[1]);
        const bound = expected.bound + sumError(layer, expected.largest);
        const comparison = compareWith(values, { ...expected, bound });
        expect(comparison.ok, `${name}: ${describeComparison(comparison)}`).toBe(true);
      }
    }
  });
});

describe('samples', () => {
  const source = () => ({ dataset: data.dataset, training: { firstImage: 0, count: trainImages - valSize } });

  test('precise: different images of the training split, not mirrored', () => {
    const samples = statisticsSamples({ kind: 'precise', samples: 90 }, source(), 1);
    expect(new Set(samples).size).toBe(90);
    expect(Math.max(...samples)).toBeLessThan(trainImages - valSize);
  });

  test('adaptive: different test images, about half of them mirrored', () => {
    const samples = statisticsSamples({ kind: 'adaptive', samples: 90 }, source(), 1);
    const images = samples.map((sample) => sample & 0xfffff);
    expect(new Set(images).size).toBe(90);
    const mirrored = samples.filter((sample) => sample >>> 20 === 1).length;
    // 4 standard deviations of the binomial distribution.
    expect(Math.abs(mirrored - 45)).toBeLessThan(19);
  });

  test.each([
    ['precise', 101, 'precise batch-norm statistics of 101 samples: there are 100 training images'],
    ['adaptive', 97, 'adaptive batch-norm statistics of 97 samples: there are 96 test images'],
    ['precise', 1, 'precise batch-norm statistics of 1 samples: .* at least 2 are needed'],
  ] as const)('%s: %d are refused', (kind, samples, message) => {
    expect(() => statisticsSamples({ kind, samples }, source(), 1)).toThrow(new RegExp(message));
  });
});

describe('repetition', () => {
  const [precise, adaptive] = [specs[0]!, specs[1]!];

  test('a replica has the bits of a single run, and the same each time', async () => {
    const [, second] = await weightsAfter(settingsOf({}, [3, 8]), [adaptive]);
    const [alone] = await weightsAfter(settingsOf({}, [8]), [adaptive]);
    expect(firstDifference(second!, alone!)).toBeUndefined();
  });

  test('what was there before plays no part', async () => {
    const [direct] = await weightsAfter(settingsOf({}, [3]), [adaptive]);
    const [afterPrecise] = await weightsAfter(settingsOf({}, [3]), [precise, adaptive]);
    expect(firstDifference(direct!, afterPrecise!)).toBeUndefined();
    const [onlyPrecise] = await weightsAfter(settingsOf({}, [3]), [precise]);
    expect(firstDifference(direct!, onlyPrecise!)).toMatch(/running_mean/);
  });

  test('the size of the chunks changes only rounding', async () => {
    const settings = settingsOf({}, [3]);
    const trainer = await Trainer.make(gpu, data.dataset, settings);
    await trainer.replaceStatistics(precise, 7);
    const [inChunks] = await trainer.weights();
    await trainer.replaceStatistics(precise);
    const [atOnce] = await trainer.weights();
    await trainer.destroy();
    for (const [t, { name, data: values }] of inChunks!.entries()) {
      const largest = Math.max(...atOnce![t]!.data.map(Math.abs));
      const differences = values.map((value, i) => Math.abs(value - atOnce![t]!.data[i]!));
      // 71 terms at once, after at most one other layer.
      expect(Math.max(...differences), name).toBeLessThanOrEqual(
        2 * 3 * 8 * Math.sqrt(71) * 2 ** -24 * largest,
      );
    }
  });

  test('a net without batch norm stays as it is', async () => {
    const settings = settingsOf({ batchNorm: null }, [3]);
    const [plain] = await weightsAfter(settings, []);
    const [replaced] = await weightsAfter(settings, [precise]);
    expect(firstDifference(plain!, replaced!)).toBeUndefined();
  });
});
