/** How the 50,000 training images divide into training and validation. */

import { TRAIN_IMAGES } from './cifar10.ts';

/** A run of images in canonical file order (data_batch_1 ... data_batch_5). */
export interface ImageRange {
  readonly firstImage: number;
  readonly count: number;
}

/** The two parts of the training files. */
export interface TrainingSplits {
  readonly training: ImageRange;
  readonly validation: ImageRange;
}

/** Largest validation split: 100 images, one batch of the default size, are left to train on. */
export const MAX_VAL_SIZE = TRAIN_IMAGES - 100;
/** Size of the validation split unless the user says otherwise. */
export const DEFAULT_VAL_SIZE = 5_000;

/**
 * Cuts the validation split, the last `valSize` images, from the training files.
 *
 * @param valSize integer in 0..49,900
 * @throws RangeError for any other number
 */
export function splitTraining(valSize: number): TrainingSplits {
  if (!Number.isInteger(valSize) || valSize < 0 || valSize > MAX_VAL_SIZE) throw valSizeError(`${valSize}`);
  const count = TRAIN_IMAGES - valSize;
  return {
    training: { firstImage: 0, count },
    validation: { firstImage: count, count: valSize },
  };
}

/**
 * Reads the size of the validation split as a user typed it.
 * @throws RangeError if it is not a decimal integer in 0..49,900
 */
export function parseValSize(text: string): number {
  const valSize = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(valSize <= MAX_VAL_SIZE)) throw valSizeError(text);
  return valSize;
}

function valSizeError(got: string): RangeError {
  return new RangeError(`--val-size must be an integer from 0 to ${MAX_VAL_SIZE}, got "${got}"`);
}
