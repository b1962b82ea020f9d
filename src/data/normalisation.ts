/**
 * Normalisation constants: mean and standard deviation per pixel and channel, so that an image enters the net as
 * (x / 255 - mean) / std. They are always those of the training split, never of validation or test images.
 */

/** Mean and population standard deviation of x / 255 for each value of an image: channel by channel, row by row. */
export interface Normalisation {
  /** (values of an image) */
  readonly mean: Float64Array<ArrayBuffer>;
  /** (values of an image), all positive: 1 where a value is the same in all images */
  readonly std: Float64Array<ArrayBuffer>;
}

/** Bytes of the binary form for images of `size` values: mean, then std, float64, little-endian. */
export const normalisationSize = (size: number): number => 2 * size * 8;

/** The file of the first `images` training images' normalisation, as data are served and kept. */
export const normalisationName = (images: number): string => `normalisation-${images}.f64`;

/** Of how many images such a name is, 1 to 99,999; undefined for another name. */
export function namedNormalisation(name: string): number | undefined {
  const images = /^normalisation-([1-9]\d{0,4})\.f64$/.exec(name)?.[1];
  return images === undefined ? undefined : Number(images);
}

/** Most images for which the sums stay exact: n * sum(x^2) <= n^2 * 255^2 must stay below 2^53. */
export const MAX_NORMALISATION_IMAGES = 372_000;

/**
 * Adds up images a piece at a time, then gives their normalisation. Bytes and their squares are added as exact integers,
 * so the result does not depend on order or pieces; only the last division and square root round.
 */
export class NormalisationSums {
  private readonly sum: Float64Array<ArrayBuffer>;
  private readonly sumOfSquares: Float64Array<ArrayBuffer>;
  private count = 0;

  /** `size`: values of an image. */
  constructor(size: number) {
    this.sum = new Float64Array(size);
    this.sumOfSquares = new Float64Array(size);
  }

  /**
   * Adds the first `count` images of an array.
   * @param images (at least count, stride) bytes
   * @param stride bytes from one image to the next: the size of an image, or of a record
   * @param offset where the first image begins: 0, or behind the labels of a record
   * @throws RangeError if the array is too short or there are more images than can be added exactly
   */
  add(images: Uint8Array, count: number, stride = this.sum.length, offset = 0): void {
    if (!Number.isInteger(count) || count < 0 || count * stride > images.length) {
      throw new RangeError(`normalisation: ${images.length} bytes do not hold ${count} images`);
    }
    this.count += count;
    if (this.count > MAX_NORMALISATION_IMAGES) {
      throw new RangeError(`normalisation: more than ${MAX_NORMALISATION_IMAGES} images`);
    }
    const { sum, sumOfSquares } = this;
    // A local: module runners turn each use of an import into a call; 45,000 images: 2.5 s -> 0.6 s (Node 20, 2026-11).
    const values = sum.length;
    for (let i = 0; i < count; i++) {
      const at = offset + i * stride;
      for (let p = 0; p < values; p++) {
        const x = images[at + p]!;
        sum[p] = sum[p]! + x;
        sumOfSquares[p] = sumOfSquares[p]! + x * x;
      }
    }
  }

  /**
   * Mean and population standard deviation of what was added.
   * @throws RangeError if nothing was
   */
  finish(): Normalisation {
    const n = this.count;
    if (n === 0) throw new RangeError('normalisation: no images');
    const mean = this.sum.map((sum) => sum / (255 * n));
    const std = this.sumOfSquares.map((squares, p) => {
      const sum = this.sum[p]!;
      // n^2 * 255^2 * variance, an exact integer: no cancellation.
      const scaledVariance = n * squares - sum * sum;
      // A value that is the same in all images cannot be scaled to unit variance: it becomes 0.
      return scaledVariance === 0 ? 1 : Math.sqrt(scaledVariance) / (255 * n);
    });
    return { mean, std };
  }
}

/**
 * The normalisation of the first `count` images.
 *
 * @param images (at least count, size) bytes
 * @param size values of an image
 * @throws RangeError as `NormalisationSums`
 */
export function computeNormalisation(images: Uint8Array, count: number, size: number): Normalisation {
  const sums = new NormalisationSums(size);
  sums.add(images, count);
  return sums.finish();
}

/**
 * The normalisation by channel: mean and standard deviation over all pixels of a channel, in the place of each of its pixels.
 * @param channels of an image, whose values are channel by channel
 */
export function perChannel({ mean, std }: Normalisation, channels: number): Normalisation {
  const pixels = mean.length / channels;
  const result = { mean: new Float64Array(mean.length), std: new Float64Array(mean.length) };
  for (let channel = 0; channel < channels; channel++) {
    const [from, to] = [channel * pixels, (channel + 1) * pixels];
    const average = mean.subarray(from, to).reduce((sum, value) => sum + value, 0) / pixels;
    // The mean variance of the pixels, and the variance of their means.
    let variance = 0;
    for (let p = from; p < to; p++) {
      // No value between 0 and 1 deviates by more than 0.5: 1 stands for a pixel that never changes.
      const own = std[p] === 1 ? 0 : std[p]! ** 2;
      variance += (own + (mean[p]! - average) ** 2) / pixels;
    }
    result.mean.fill(average, from, to);
    // What is left of rounding the mean is no deviation: that of one pixel in a million images is 1e-13.
    result.std.fill(variance < 1e-20 ? 1 : Math.sqrt(variance), from, to);
  }
  return result;
}

/** The binary form of a normalisation. */
export function serialiseNormalisation({ mean, std }: Normalisation): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(normalisationSize(mean.length));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of mean.entries()) view.setFloat64(8 * i, value, true);
  for (const [i, value] of std.entries()) view.setFloat64(8 * (mean.length + i), value, true);
  return bytes;
}

/**
 * Reads the binary form for images of `size` values.
 * @throws RangeError if the length is wrong, a mean is not in 0..1 or a std is neither in (0, 0.5] nor 1: bytes / 255 have no others
 */
export function parseNormalisation(bytes: Uint8Array, size: number): Normalisation {
  if (bytes.length !== normalisationSize(size)) {
    throw new RangeError(`normalisation: ${bytes.length} bytes instead of ${normalisationSize(size)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mean = new Float64Array(size);
  const std = new Float64Array(size);
  for (let p = 0; p < size; p++) {
    mean[p] = view.getFloat64(8 * p, true);
    std[p] = view.getFloat64(8 * (size + p), true);
    // A value that is the same in all images has 1: see NormalisationSums.
    const isStd = (std[p]! > 0 && std[p]! <= 0.5) || std[p] === 1;
    if (!(mean[p]! >= 0 && mean[p]! <= 1) || !isStd) {
      throw new RangeError(`normalisation: value ${p} has mean ${mean[p]} and std ${std[p]}`);
    }
  }
  return { mean, std };
}

/**
 * Checks a normalisation of somebody else's for images of `size` values.
 * @throws RangeError unless each has a finite mean and a positive, finite deviation
 */
export function checkNormalisation({ mean, std }: Normalisation, size: number): void {
  if (mean.length !== size || std.length !== size) {
    throw new RangeError(
      `normalisation: ${mean.length} means and ${std.length} deviations for ${size} values`,
    );
  }
  const wrong = std.findIndex((deviation, p) => {
    // What a value is multiplied by and what is added, float32 on the GPU, are to be finite too.
    const scale = Math.fround(1 / (255 * deviation));
    return !(scale > 0 && Number.isFinite(scale) && Number.isFinite(Math.fround(mean[p]! / deviation)));
  });
  if (wrong >= 0) {
    throw new RangeError(`normalisation: value ${wrong} has mean ${mean[wrong]} and std ${std[wrong]}`);
  }
}
