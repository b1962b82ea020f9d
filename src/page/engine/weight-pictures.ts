import type { ImageSize } from '../../data/record-set.ts';
import type { NamedTensor } from '../../nn/parameters.ts';
import type { WeightPictures } from './protocol.ts';

/** A page shows so many of a wide layer. */
const mostPictures = 64;

/**
 * The weights of each unit of the first layer as a picture of an image's size: its weights of red, green and blue (or of the one channel), 0 as grey, each picture by itself
 * scaled to its largest weight. Undefined where the first layer is not a matrix product of the image.
 */
export function firstLayerPictures(
  state: readonly NamedTensor[],
  { channels, height, width }: ImageSize,
): WeightPictures | undefined {
  const plane = height * width;
  const size = channels * plane;
  const weights = state.find(({ shape }) => shape.length === 2);
  if (weights === undefined || weights.shape[1] !== size) return undefined;
  const count = Math.min(weights.shape[0]!, mostPictures);
  const pixels = new Uint8ClampedArray(count * plane * 4).fill(255);
  for (let unit = 0; unit < count; unit++) {
    const row = weights.data.subarray(unit * size, (unit + 1) * size);
    const largest = row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
    for (let pixel = 0; pixel < plane; pixel++) {
      const at = 4 * (unit * plane + pixel);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = 127.5 + (127.5 * row[(channel % channels) * plane + pixel]!) / largest;
      }
    }
  }
  return { count, pixels };
}
