/** A small data set with the form of CIFAR-10, and settings to train on it. */
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { computeNormalisation, type Normalisation } from '../../src/data/normalisation.ts';
import { randomStream } from '../../src/data/random.ts';
import { imageBytes } from '../../src/data/record-set.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { courseBatchNorm, type NetSpec } from '../../src/nn/net-spec.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { type GpuDataset, type ImageArrays, uploadDataset } from '../../src/train/dataset.ts';
import type { ReplicaSettings, TrainSettings } from '../../src/train/settings.ts';
import { type FullyConnected, fullyConnected } from '../fully-connected.ts';

const IMAGE_BYTES = imageBytes(cifar10);

const classes = 10;

/** Images whose class can be learned: half of each byte is the class's pattern, half is noise. */
export function syntheticImages(count: number, seed: number): ImageArrays {
  const stream = randomStream(seed, 'test');
  const patterns = Array.from({ length: classes }, (_, c) => {
    const pattern = randomStream(0, 'test', 1 + c);
    return Uint8Array.from({ length: IMAGE_BYTES }, () => pattern.u32() >>> 25);
  });
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = Uint8Array.from({ length: count }, () => stream.below(classes));
  for (let i = 0; i < images.length; i++) {
    images[i] = patterns[labels[Math.floor(i / IMAGE_BYTES)]!]![i % IMAGE_BYTES]! + (stream.u32() >>> 25);
  }
  return { images, labels };
}

export interface SyntheticDataset {
  readonly train: ImageArrays;
  readonly test: ImageArrays;
  readonly normalisation: Normalisation;
  readonly dataset: GpuDataset;
}

/** `trainCount` and `testCount` images, both multiples of 4; `test` defaults to images of their own. */
export function syntheticDataset(gpu: Gpu, trainCount: number, testCount: number): SyntheticDataset {
  const train = syntheticImages(trainCount, 1);
  const test = syntheticImages(testCount, 2);
  const normalisation = computeNormalisation(train.images, trainCount, IMAGE_BYTES);
  const arrays = { image: cifar10.image, classes, train, test, normalisation };
  return { train, test, normalisation, dataset: uploadDataset(gpu, arrays) };
}

export const replica = (seed: number, lambda = 0.005, rateScale = 1): ReplicaSettings => ({
  seed,
  lambda,
  rateScale,
});

/** A small net, with changes. */
export const netOf = (changes: Partial<FullyConnected>): NetSpec =>
  fullyConnected({ inputs: IMAGE_BYTES, hidden: [14, 9], classes, batchNorm: courseBatchNorm, ...changes });

/** A small net that trains with everything switched on. Crops keep the gather apart from the first layer's kernels. */
export const baseSettings: TrainSettings = {
  net: netOf({}),
  init: 'he',
  optimizer: { kind: 'sgd' },
  schedule: { kind: 'cyclical', min: 1e-5, max: 0.1, halfCycle: 10, decay: 0.5 },
  steps: 24,
  batchSize: 16,
  replicas: [replica(1)],
  valSize: 36,
  shuffle: true,
  flip: true,
  cropPixels: 2,
  reportSteps: 3,
};

const bits = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Where two state dicts differ, bit by bit; undefined where they do not. */
export function firstDifference(a: readonly NamedTensor[], b: readonly NamedTensor[]): string | undefined {
  if (a.length !== b.length) return `${a.length} and ${b.length} tensors`;
  for (const [t, { name, data }] of a.entries()) {
    const other = b[t]!;
    if (name !== other.name || data.length !== other.data.length) return `${name} and ${other.name}`;
    const [x, y] = [bits(data), bits(other.data)];
    const at = x.findIndex((value, i) => value !== y[i]);
    if (at >= 0) return `${name}[${at}]: ${data[at]} and ${other.data[at]}`;
  }
  return undefined;
}
