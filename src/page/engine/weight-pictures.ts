import type { ImageSize } from '../../data/record-set.ts';
import type { NamedTensor } from '../../nn/parameters.ts';
import type { WeightPictures } from './protocol.ts';

/** A page shows so many of a wide layer. */
const mostPictures = 64;

/**
 * The weights of each unit or filter of the first layer as a picture of an image's size: its weights of red, green and blue (or of the one channel), 0 as grey, each picture
 * by itself scaled to its largest weight; those of a filter as large pixels. Undefined where the first layer is neither a matrix product of the image nor filters of more than a
 * pixel.
 */
export function firstLayerPictures(
  state: readonly NamedTensor[],
  { channels, height, width }: ImageSize,
): WeightPictures | undefined {
  const plane = height * width;
  const weights = state.find(({ shape }) => shape.length > 1);
  const [units = 0, inputs, rows = height, columns = width] = weights?.shape ?? [];
  const size = channels * rows * columns;
  const fits = weights?.shape.length === 4 ? inputs === channels && rows > 1 : inputs === size;
  if (weights === undefined || !fits) return undefined;
  const count = Math.min(units, mostPictures);
  const pixels = new Uint8ClampedArray(count * plane * 4).fill(255);
  for (let unit = 0; unit < count; unit++) {
    const own = weights.data.subarray(unit * size, (unit + 1) * size);
    const largest = own.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
    for (let pixel = 0; pixel < plane; pixel++) {
      const at = 4 * (unit * plane + pixel);
      const row = Math.floor((Math.floor(pixel / width) * rows) / height);
      const place = row * columns + Math.floor(((pixel % width) * columns) / width);
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] =
          127.5 + (127.5 * own[(channel % channels) * rows * columns + place]!) / largest;
      }
    }
  }
  return { count, pixels };
}
