// Data sets of the caller's own arrays, checked in one line each before they go to the GPU.
import {
  checkNormalisation,
  computeNormalisation,
  type Normalisation,
  perChannel,
} from '../data/normalisation.ts';
import type { ImageSize } from '../data/record-set.ts';
import { MAX_IMAGES } from '../data/sample-order.ts';
import type { Gpu } from '../gpu/device.ts';
import { requireArray, requireFiniteRows } from './array-checks.ts';
import { type GpuDataset, type ImageArrays, type RowArrays, uploadDataset, uploadRows } from './dataset.ts';
import { whole } from './settings-check.ts';

/** Images in memory, and what they show. */
export interface OwnImages {
  readonly image: ImageSize;
  readonly classes: number;
  readonly train: ImageArrays;
  readonly test: ImageArrays;
  /** Mean and deviation of each pixel (the default) or each channel of the training images, or values of the caller's. */
  readonly normalisation?: 'pixel' | 'channel' | Normalisation;
  /** Mean and deviation are of the first so many training images: all of them, unless a run keeps the last ones for validation (`valSize`). */
  readonly trainingImages?: number;
}

/** A data set of images on the GPU, with its normalisation, which a `Predictor` needs too. */
export type OwnImageDataset = GpuDataset & { readonly normalisation: Normalisation };

/**
 * Uploads images: bytes, channel by channel, row by row.
 * @throws RangeError naming the field that does not fit
 */
export function imageDataset(gpu: Gpu, own: OwnImages): OwnImageDataset {
  const { image, classes, train, test } = own;
  const size = image.channels * image.height * image.width;
  whole('image: channels * height * width', size, 1);
  checkSplits({ train, test }, { field: 'images', type: Uint8Array, size, classes });
  const normalisation = normalisationOf(own);
  checkNormalisation(normalisation, size);
  return { ...uploadDataset(gpu, { image, classes, train, test, normalisation }), normalisation };
}

/** @throws RangeError */
function normalisationOf({
  image: { channels, height, width },
  train: { images, labels },
  normalisation: by = 'pixel',
  trainingImages = labels.length,
}: OwnImages): Normalisation {
  if (typeof by === 'object') return by;
  whole('trainingImages', trainingImages, 1, labels.length);
  const perPixel = computeNormalisation(images, trainingImages, channels * height * width);
  return by === 'channel' ? perChannel(perPixel, channels) : perPixel;
}

/** Rows of numbers in memory, and their classes. */
export interface OwnRows {
  readonly features: number;
  readonly classes: number;
  readonly train: RowArrays;
  readonly test: RowArrays;
}

/**
 * Uploads rows of float32 numbers, which a net is given as they are.
 * @throws RangeError naming the field that does not fit
 */
export function floatDataset(gpu: Gpu, own: OwnRows): GpuDataset {
  const { features: size, classes, train, test } = own;
  whole('features', size, 1);
  checkSplits({ train, test }, { field: 'rows', type: Float32Array, size, classes });
  requireFiniteRows('train', train.rows, size);
  requireFiniteRows('test', test.rows, size);
  return uploadRows(gpu, own);
}

interface SplitForm {
  /** Where the samples are, and as what. */
  readonly field: 'images' | 'rows';
  readonly type: Uint8ArrayConstructor | Float32ArrayConstructor;
  /** Values of a sample. */
  readonly size: number;
  readonly classes: number;
}

/** @throws RangeError */
function checkSplits(splits: object, { field, type, size, classes }: SplitForm): void {
  whole('classes', classes, 1, 256);
  for (const [name, split] of Object.entries(splits)) {
    const { [field]: values, labels } = split ?? {};
    requireArray<Uint8Array | Float32Array>(`${name}.${field}`, values, type);
    requireArray(`${name}.labels`, labels, Uint8Array);
    whole(`${name}: number of samples`, labels.length, 1, MAX_IMAGES);
    if (values.length !== labels.length * size) {
      throw new RangeError(
        `${name}: ${values.length} values for ${labels.length} labels, which want ${size} each`,
      );
    }
    const wrong = labels.findIndex((label) => label >= classes);
    if (wrong >= 0)
      throw new RangeError(`${name}: label ${wrong} is ${labels[wrong]}, not 0..${classes - 1}`);
  }
}
