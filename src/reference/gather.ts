/**
 * gather: picks the samples of a batch from the data set's bytes, crops, flips, normalises.
 *
 *     x[b, p] = (byte / 255 - mean[p]) / std[p]        p = channel * 1024 + r * 32 + c, the DESTINATION position
 *     byte    = images[index, channel, r + dy, (flip ? 31 - c : c) + dx], 0 outside the image
 *
 * So the crop is taken first and then mirrored, and the border is black BEFORE normalising (as zero-padding bytes
 * would be), not the mean image.
 */
import { expectLength, type Numbers } from './numbers.ts';

const side = 32;
const channels = 3;
const plane = side * side;

/** Numbers per CIFAR-10 image: 3 channels of 32 x 32. */
export const imageSize = channels * plane;

/** One sample of a batch and its augmentation. */
export interface Sample {
  /** Which image, 0 .. 2^20 - 1. */
  readonly index: number;
  /** Mirror the 32 columns. */
  readonly flip: boolean;
  /** Column offset of the crop, -16 .. 15. */
  readonly dx: number;
  /** Row offset of the crop, -16 .. 15. */
  readonly dy: number;
}

const signed5 = (bits: number): number => (bits & 31) - ((bits & 16) << 1);

/**
 * The u32 of the sample order, taken apart: bits 0..19 image index, 20 flip, 21..25 dx, 26..30 dy (5-bit two's
 * complement); bit 31 is ignored.
 */
export function decodeSample(bits: number): Sample {
  return {
    index: bits & 0xfffff,
    flip: ((bits >>> 20) & 1) === 1,
    dx: signed5(bits >>> 21),
    dy: signed5(bits >>> 26),
  };
}

/** Calls `visit(destination, position, byte)` for each element of the batch. */
function visitPixels(
  images: Numbers,
  samples: Numbers,
  visit: (destination: number, position: number, byte: number) => void,
): void {
  const imageCount = images.length / imageSize;
  if (!Number.isInteger(imageCount)) {
    throw new RangeError(`gather: images must hold whole images of ${imageSize} bytes, got ${images.length}`);
  }
  for (let b = 0; b < samples.length; b++) {
    const { index, flip, dx, dy } = decodeSample(samples[b]!);
    if (index >= imageCount) {
      throw new RangeError(`gather: samples[${b}] asks for image ${index} of ${imageCount}`);
    }
    for (let position = 0; position < imageSize; position++) {
      const channel = Math.floor(position / plane);
      const r = Math.floor((position % plane) / side);
      const c = position % side;
      const row = r + dy;
      const column = (flip ? side - 1 - c : c) + dx;
      const inside = row >= 0 && row < side && column >= 0 && column < side;
      const source = index * imageSize + channel * plane + row * side + column;
      visit(b * imageSize + position, position, inside ? images[source]! : 0);
    }
  }
}

/**
 * The normalised batch.
 * @param images (images, 3, 32, 32) bytes 0..255
 * @param mean (3072) of byte / 255
 * @param std (3072), positive
 * @param samples (B) u32, see `decodeSample`
 * @returns x (B, 3072)
 * @throws RangeError for an index outside `images`
 */
export function gather(images: Numbers, mean: Numbers, std: Numbers, samples: Numbers): Float64Array {
  expectLength('gather', 'mean', mean, imageSize);
  expectLength('gather', 'std', std, imageSize);
  const x = new Float64Array(samples.length * imageSize);
  visitPixels(images, samples, (destination, position, byte) => {
    x[destination] = (byte / 255 - mean[position]!) / std[position]!;
  });
  return x;
}

/** (byte / 255 + |mean|) / std: the size of the terms whose difference `gather` is; same arguments and shape. */
export function absGather(images: Numbers, mean: Numbers, std: Numbers, samples: Numbers): Float64Array {
  expectLength('absGather', 'mean', mean, imageSize);
  expectLength('absGather', 'std', std, imageSize);
  const scale = new Float64Array(samples.length * imageSize);
  visitPixels(images, samples, (destination, position, byte) => {
    scale[destination] = (byte / 255 + Math.abs(mean[position]!)) / std[position]!;
  });
  return scale;
}
