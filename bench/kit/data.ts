// The images that a kit carries: records of CIFAR-10 in one file, those to train on first.
import { existsSync, readFileSync } from 'node:fs';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { computeNormalisation } from '../../src/data/normalisation.ts';
import { imageBytes, splitRecords } from '../../src/data/record-set.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { type GpuDataset, uploadDataset } from '../../src/train/dataset.ts';
import { makeBenchData } from '../page/bench-data.ts';

const IMAGE_BYTES = imageBytes(cifar10);

/** One image in so many, at the end of the file, is to test on. */
export const testShare = 5;

/** Images without data: noise with a stripe per class. */
const madeImages = 10_000;

export interface KitData {
  readonly dataset: GpuDataset;
  readonly trainingImages: number;
  readonly about: string;
}

/** The images of `file`, or made ones where the kit has none. */
export function kitData(gpu: Gpu, file: string): KitData {
  if (!existsSync(file)) {
    const { dataset } = makeBenchData(gpu, madeImages);
    return { dataset, trainingImages: madeImages, about: `${madeImages} made images` };
  }
  const { images, labels } = splitRecords(cifar10, readFileSync(file));
  const count = 4 * Math.floor((labels.length * (1 - 1 / testShare)) / 4);
  const part = (from: number, to: number) => ({
    images: new Uint8Array(images.slice(from * IMAGE_BYTES, to * IMAGE_BYTES)),
    labels: new Uint8Array(labels.slice(from, to)),
  });
  const train = part(0, count);
  const test = part(count, count + 4 * Math.floor((labels.length - count) / 4));
  const normalisation = computeNormalisation(train.images, count, IMAGE_BYTES);
  const dataset = uploadDataset(gpu, {
    image: cifar10.image,
    classes: cifar10.classNames.length,
    train,
    test,
    normalisation,
  });
  return { dataset, trainingImages: count, about: `${count} images of CIFAR-10` };
}
