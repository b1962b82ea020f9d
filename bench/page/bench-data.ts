import { CIFAR10_IMAGE, CLASSES, IMAGE_BYTES } from '../../src/data/cifar10.ts';
import { computeNormalisation, type Normalisation } from '../../src/data/normalisation.ts';
import { randomStream } from '../../src/data/random.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { type GpuDataset, type ImageArrays, uploadDataset } from '../../src/train/dataset.ts';

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
  const labels = Uint8Array.from({ length: count }, () => random.below(CLASSES));
  const stripe = Math.floor(IMAGE_BYTES / CLASSES);
  for (const [image, label] of labels.entries()) {
    const start = image * IMAGE_BYTES + label * stripe;
    for (let i = start; i < start + stripe; i++) images[i]! >>= 1;
  }
  const train = { images, labels };
  const test = { images: images.slice(0, 4 * IMAGE_BYTES), labels: labels.slice(0, 4) };
  const normalisation = computeNormalisation(images, count);
  return {
    train,
    normalisation,
    dataset: uploadDataset(gpu, { image: CIFAR10_IMAGE, classes: CLASSES, train, test, normalisation }),
  };
}
