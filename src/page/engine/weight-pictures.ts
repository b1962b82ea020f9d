import { IMAGE_BYTES, PLANE_PIXELS } from '../../data/cifar10.ts';
import type { NamedTensor } from '../../nn/parameters.ts';
import type { WeightPictures } from './protocol.ts';

/** A page shows so many of a wide layer. */
const mostPictures = 64;

/**
 * The weights of each unit of the first layer as a picture of 32 x 32 pixels: its weights of red, green and blue, 0 as grey, each picture by itself
 * scaled to its largest weight. Undefined where the first layer is not a matrix product of the image.
 */
export function firstLayerPictures(state: readonly NamedTensor[]): WeightPictures | undefined {
  const weights = state.find(({ shape }) => shape.length === 2);
  if (weights === undefined || weights.shape[1] !== IMAGE_BYTES) return undefined;
  const count = Math.min(weights.shape[0]!, mostPictures);
  const pixels = new Uint8ClampedArray(count * PLANE_PIXELS * 4).fill(255);
  for (let unit = 0; unit < count; unit++) {
    const row = weights.data.subarray(unit * IMAGE_BYTES, (unit + 1) * IMAGE_BYTES);
    const largest = row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
    for (let pixel = 0; pixel < PLANE_PIXELS; pixel++) {
      const at = 4 * (unit * PLANE_PIXELS + pixel);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = 127.5 + (127.5 * row[channel * PLANE_PIXELS + pixel]!) / largest;
      }
    }
  }
  return { count, pixels };
}
