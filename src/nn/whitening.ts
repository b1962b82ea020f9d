/**
 * Filters that whiten the patches of images: a convolution with them makes values of variance 1 that are not correlated. They are the
 * eigenvectors e of the patches' second moments (normalised images: of their covariance), each as e / sqrt(eigenvalue + eps), then the
 * same with the other sign, so that what stands behind them sees both sides. As K. Jordan's airbench has them
 * (https://arxiv.org/abs/2404.00498, §3.1).
 */
import { symmetricEigen } from './symmetric-eigen.ts';

/** Added to the eigenvalues, so that directions without variance are not blown up. */
const eps = 5e-4;

/** Images that the moments are of: the first of the training split. */
export const whiteningImages = 5000;

/** Filters of size x size over so many channels: two per direction. */
export const whiteningFilterCount = (channels: number, size: number): number => 2 * channels * size * size;

/** Images as a net sees them. */
export interface NormalisedImages {
  /** (count, channels, height, width) */
  readonly values: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** (2 channels size², channels, size, size): the filters, that of the largest eigenvalue first. */
export function whiteningFilters(images: NormalisedImages, size: number): Float32Array {
  const n = images.channels * size * size;
  const { values, vectors } = symmetricEigen(secondMoments(images, size), n);
  const filters = new Float32Array(2 * n * n);
  for (const [i, vector] of vectors.entries()) {
    const scale = 1 / Math.sqrt(Math.max(values[i]!, 0) + eps);
    for (let k = 0; k < n; k++) {
      filters[i * n + k] = scale * vector[k]!;
      filters[(n + i) * n + k] = -scale * vector[k]!;
    }
  }
  return filters;
}

/** (n, n), n = channels size²: mean over all patches, at every pixel, of the products of two of their values; values are (channel, row, column). */
export function secondMoments(
  { values, channels, height, width }: NormalisedImages,
  size: number,
): Float64Array {
  const n = channels * size * size;
  const offsets = Array.from({ length: n }, (_, k) => {
    const [channel, row, column] = [Math.floor(k / size / size), Math.floor(k / size) % size, k % size];
    return (channel * height + row) * width + column;
  });
  const image = channels * height * width;
  const [rows, columns] = [height - size + 1, width - size + 1];
  const count = Math.floor(values.length / image);
  const patches = count * Math.max(rows, 0) * Math.max(columns, 0);
  const sums = new Float64Array(n * n);
  for (let start = 0; start < count * image; start += image) {
    for (let i = 0; i < n; i++) {
      for (let j = i; j < n; j++) {
        const [a, b] = [start + offsets[i]!, start + offsets[j]!];
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          const end = row * width + columns;
          for (let place = row * width; place < end; place++) sum += values[a + place]! * values[b + place]!;
        }
        sums[i * n + j]! += sum;
      }
    }
  }
  if (patches === 0) throw new RangeError('whitening: there are no images');
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return sums[Math.min(i, j) * n + Math.max(i, j)]! / patches;
  });
}
