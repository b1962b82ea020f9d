/**
 * gather: picks the samples of a batch from the data set's bytes, crops, flips, normalises.
 *
 *     x[b, p] = (byte / 255 - mean[p]) / std[p]        p = (channel * H + r) * W + c, the DESTINATION position
 *     byte    = images[index, channel, r + dy, (flip ? W - 1 - c : c) + dx], 0 outside the image
 *
 * So the crop is taken first and then mirrored, and the border is black BEFORE normalising (as zero-padding bytes
 * would be), not the mean image; or what a mirror on the outermost pixels shows (PyTorch's padding mode "reflect").
 */
import { expectLength, type Numbers } from './numbers.ts';

/** Size of an image. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Images and how they are normalised. */
export interface ImageSource {
  readonly image: ImageSize;
  /** (images, C, H, W) bytes 0..255 */
  readonly images: Numbers;
  /** (C·H·W) of byte / 255 */
  readonly mean: Numbers;
  /** (C·H·W), positive */
  readonly std: Numbers;
}

/** Numbers per image. */
export const imageSizeOf = ({ channels, height, width }: ImageSize): number => channels * height * width;

/** One sample of a batch and its augmentation. */
export interface Sample {
  /** Which image, 0 .. 2^20 - 1. */
  readonly index: number;
  /** Mirror the columns. */
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

/** What lies outside the image. */
export type Border = 'black' | 'reflect';

/** The place in 0 .. count - 1 that a mirror on the first or last one shows at `at`. */
function reflected(at: number, count: number): number {
  const folded = Math.abs(at);
  return folded < count ? folded : 2 * (count - 1) - folded;
}

/** Calls `visit(destination, position, byte)` for each element of the batch. */
function visitPixels(
  { image, images }: ImageSource,
  samples: Numbers,
  border: Border,
  visit: (destination: number, position: number, byte: number) => void,
): void {
  const { height, width } = image;
  const size = imageSizeOf(image);
  const imageCount = images.length / size;
  if (!Number.isInteger(imageCount)) {
    throw new RangeError(`gather: images must hold whole images of ${size} bytes, got ${images.length}`);
  }
  for (let b = 0; b < samples.length; b++) {
    const { index, flip, dx, dy } = decodeSample(samples[b]!);
    if (index >= imageCount) {
      throw new RangeError(`gather: samples[${b}] asks for image ${index} of ${imageCount}`);
    }
    for (let position = 0; position < size; position++) {
      const channel = Math.floor(position / (height * width));
      const r = Math.floor(position / width) % height;
      const c = position % width;
      const moved = { row: r + dy, column: (flip ? width - 1 - c : c) + dx };
      const row = border === 'reflect' ? reflected(moved.row, height) : moved.row;
      const column = border === 'reflect' ? reflected(moved.column, width) : moved.column;
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const source = index * size + (channel * height + row) * width + column;
      visit(b * size + position, position, inside ? images[source]! : 0);
    }
  }
}

/**
 * The normalised batch.
 * @param samples (B) u32, see `decodeSample`
 * @returns x (B, C·H·W)
 * @throws RangeError for an index outside `images`
 */
export function gather(source: ImageSource, samples: Numbers, border: Border = 'black'): Float64Array {
  return batchOf({ source, samples, border }, (byte, mean, std) => (byte / 255 - mean) / std);
}

/** (byte / 255 + |mean|) / std: the size of the terms whose difference `gather` is; same arguments and shape. */
export function absGather(source: ImageSource, samples: Numbers, border: Border = 'black'): Float64Array {
  return batchOf({ source, samples, border }, (byte, mean, std) => (byte / 255 + Math.abs(mean)) / std);
}

function batchOf(
  {
    source,
    samples,
    border,
  }: { readonly source: ImageSource; readonly samples: Numbers; readonly border: Border },
  value: (byte: number, mean: number, std: number) => number,
): Float64Array {
  const { image, mean, std } = source;
  const size = imageSizeOf(image);
  expectLength('gather', 'mean', mean, size);
  expectLength('gather', 'std', std, size);
  const x = new Float64Array(samples.length * size);
  visitPixels(source, samples, border, (destination, position, byte) => {
    x[destination] = value(byte, mean[position]!, std[position]!);
  });
  return x;
}
