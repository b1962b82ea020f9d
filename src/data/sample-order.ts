/**
 * The sample order: one u32 per sample, which image it is and how it is augmented.
 *
 *   bits  0..19  image index within the images on the GPU
 *   bit   20     1: mirrored horizontally
 *   bits 21..25  crop dx, pixels, 5-bit two's complement (0: no crop)
 *   bits 26..30  crop dy, likewise
 *   bit   31     0
 *
 * The host decides all randomness and writes this list once per epoch; the kernels that read it are deterministic.
 */

import { randomStream } from './random.ts';

/** Images that the index field can address. */
export const MAX_IMAGES = 2 ** 20;
/** Bit of the horizontal flip. */
export const FLIP_BIT = 1 << 20;
/** Lowest bit of crop dx. */
export const CROP_DX_SHIFT = 21;
/** Lowest bit of crop dy. */
export const CROP_DY_SHIFT = 26;
/** Largest shift, pixels, that `epochOrder` draws in both directions. */
export const MAX_CROP_PIXELS = 15;

/** One sample of the order, decoded. */
export interface Sample {
  /** Image index, 0..2^20 - 1. */
  readonly image: number;
  readonly flip: boolean;
  /** Pixels by which the window is moved to the right, -16..15. */
  readonly cropDx: number;
  /** Pixels by which the window is moved down, -16..15. */
  readonly cropDy: number;
}

/**
 * Packs a sample into a u32.
 * @throws RangeError if a field does not fit
 */
export function encodeSample({ image, flip, cropDx, cropDy }: Sample): number {
  if (!Number.isInteger(image) || image < 0 || image >= MAX_IMAGES) {
    throw new RangeError(
      `sample order: image index must be an integer from 0 to ${MAX_IMAGES - 1}, got ${image}`,
    );
  }
  return (
    (image | (flip ? FLIP_BIT : 0) | cropField(cropDx, CROP_DX_SHIFT) | cropField(cropDy, CROP_DY_SHIFT)) >>>
    0
  );
}

/** Unpacks a u32 of the sample order. */
export function decodeSample(word: number): Sample {
  return {
    image: word & (MAX_IMAGES - 1),
    flip: (word & FLIP_BIT) !== 0,
    // Moved to the top of the word, then back with the sign.
    cropDx: (word << (32 - 5 - CROP_DX_SHIFT)) >> (32 - 5),
    cropDy: (word << (32 - 5 - CROP_DY_SHIFT)) >> (32 - 5),
  };
}

/** What `epochOrder` draws. */
export interface EpochOrderOptions {
  /** Seed of the run (of the replica), integer in 0..2^32 - 1. */
  readonly seed: number;
  /** Epoch number from 0; each has its own permutation and augmentation. */
  readonly epoch: number;
  /** Index of the first image; default 0. */
  readonly firstImage?: number;
  /** Number of images: the order is a permutation of firstImage..firstImage + count - 1. */
  readonly count: number;
  /** false: the images in file order. */
  readonly shuffle: boolean;
  /** true: each image is mirrored with probability 1/2; `alternating`: in the first epoch, and from then on in every other epoch. */
  readonly flip: boolean | 'alternating';
  /** Each image is shifted by a uniform integer in -cropPixels..cropPixels in x and y; 0..15, default 0. */
  readonly cropPixels?: number;
}

/**
 * The order of one epoch, a function of (seed, epoch) alone. Permutation, flips and crops come from separate streams:
 * switching one on leaves the others as they were.
 *
 * @returns (count) packed samples
 * @throws RangeError if the images do not fit into the index field or cropPixels is out of range
 */
export function epochOrder(options: EpochOrderOptions): Uint32Array<ArrayBuffer> {
  const { seed, epoch, firstImage = 0, count, shuffle, flip, cropPixels = 0 } = options;
  const order = imageRange(firstImage, count);
  cropField(cropPixels, 0); // Refuses what the field does not hold.
  if (shuffle) randomStream(seed, 'order', epoch).shuffle(order);
  if (flip === 'alternating') {
    // What an image is in the first epoch, not its place in this one, decides (K. Jordan 2024, https://arxiv.org/abs/2404.00498).
    const stream = randomStream(seed, 'flip', 0);
    const first = Uint8Array.from({ length: count }, () => stream.below(2));
    for (let i = 0; i < count; i++) {
      order[i] = order[i]! | (((first[order[i]! - firstImage]! + epoch) % 2) * FLIP_BIT);
    }
  } else if (flip) {
    const stream = randomStream(seed, 'flip', epoch);
    for (let i = 0; i < count; i++) order[i] = order[i]! | (stream.below(2) * FLIP_BIT);
  }
  if (cropPixels > 0) {
    const stream = randomStream(seed, 'crop', epoch);
    const shift = () => stream.below(2 * cropPixels + 1) - cropPixels;
    for (let i = 0; i < count; i++) {
      order[i] = order[i]! | cropField(shift(), CROP_DX_SHIFT) | cropField(shift(), CROP_DY_SHIFT);
    }
  }
  return order;
}

/** What `randomSubset` draws. */
export interface RandomSubsetOptions {
  /** Seed of the run (of the replica), integer in 0..2^32 - 1. */
  readonly seed: number;
  /** Images to choose from: 0..from - 1. */
  readonly from: number;
  /** Images to choose, all different; at most `from`. */
  readonly count: number;
  /** true: each image is mirrored with probability 1/2. */
  readonly flip: boolean;
}

/**
 * A random choice of different images, as the batch-norm statistics after training need (precise and adaptive BN).
 * Its streams are its own, so it tells nothing about the order of training.
 *
 * @returns (count) packed samples
 * @throws RangeError if there are fewer than `count` images, or they do not fit into the index field
 */
export function randomSubset({ seed, from, count, flip }: RandomSubsetOptions): Uint32Array<ArrayBuffer> {
  if (!Number.isInteger(count) || count < 0 || count > from) {
    throw new RangeError(`sample order: cannot choose ${count} of ${from} images`);
  }
  const all = imageRange(0, from);
  randomStream(seed, 'subset').shuffle(all);
  const chosen = all.slice(0, count);
  if (flip) {
    const stream = randomStream(seed, 'subset-flip');
    for (let i = 0; i < count; i++) chosen[i] = chosen[i]! | (stream.below(2) * FLIP_BIT);
  }
  return chosen;
}

/** firstImage, firstImage + 1, ...: `count` samples without augmentation. */
function imageRange(firstImage: number, count: number): Uint32Array<ArrayBuffer> {
  const valid = Number.isInteger(firstImage) && Number.isInteger(count) && firstImage >= 0 && count >= 0;
  if (!valid || firstImage + count > MAX_IMAGES) {
    throw new RangeError(
      `sample order: ${count} images from index ${firstImage} on do not fit into ${MAX_IMAGES}`,
    );
  }
  return Uint32Array.from({ length: count }, (_, i) => firstImage + i);
}

function cropField(pixels: number, shift: number): number {
  if (!Number.isInteger(pixels) || pixels < -16 || pixels > 15) {
    throw new RangeError(`sample order: crop shift must be an integer from -16 to 15, got ${pixels}`);
  }
  return (pixels & 31) << shift;
}
