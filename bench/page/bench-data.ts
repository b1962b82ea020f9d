import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { computeNormalisation, type Normalisation } from '../../src/data/normalisation.ts';
import { randomStream } from '../../src/data/random.ts';
import { imageBytes } from '../../src/data/record-set.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { type GpuDataset, type ImageArrays, uploadDataset } from '../../src/train/dataset.ts';

const IMAGE_BYTES = imageBytes(cifar10);

/** A training set in main memory and on the GPU. */
export interface BenchData {
  readonly train: ImageArrays;
  readonly normalisation: Normalisation;
  readonly dataset: GpuDataset;
}

/** Random bytes with a darker stripe per class, so that there is something to learn: benches need no download. */
export function makeBenchData(gpu: Gpu, count: number): BenchData {
  const random = randomStream(1, 'test');
  const images = new Uint8Array(count * IMAGE_BYTES);
  const words = new Uint32Array(images.buffer);
  for (let i = 0; i < words.length; i++) words[i] = random.u32();
  const labels = Uint8Array.from({ length: count }, () => random.below(cifar10.classNames.length));
  const stripe = Math.floor(IMAGE_BYTES / cifar10.classNames.length);
  for (const [image, label] of labels.entries()) {
    const start = image * IMAGE_BYTES + label * stripe;
    for (let i = start; i < start + stripe; i++) images[i]! >>= 1;
  }
  const train = { images, labels };
  const test = { images: images.slice(0, 4 * IMAGE_BYTES), labels: labels.slice(0, 4) };
  const normalisation = computeNormalisation(images, count, IMAGE_BYTES);
  return {
    train,
    normalisation,
    dataset: uploadDataset(gpu, {
      image: cifar10.image,
      classes: cifar10.classNames.length,
      train,
      test,
      normalisation,
    }),
  };
}
