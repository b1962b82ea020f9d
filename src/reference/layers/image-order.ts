/** Images in PyTorch's order (channel, row, column), which the float64 nets use, and channels last, which the ops take. */
import type { ImageShape } from '../../nn/layers/layer.ts';
import type { Numbers } from '../numbers.ts';

/** Moves every value of M images: `from` and `to` give its place in an image. */
function moved(
  values: Numbers,
  { channels, height, width }: ImageShape,
  direction: 'last' | 'first',
): Float64Array {
  const pixels = height * width;
  const size = channels * pixels;
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const place = i % size;
    const [c, pixel] =
      direction === 'last'
        ? [Math.floor(place / pixels), place % pixels]
        : [place % channels, Math.floor(place / channels)];
    result[i - place + (direction === 'last' ? pixel * channels + c : c * pixels + pixel)] = values[i]!;
  }
  return result;
}

/** (M, C, H, W) -> (M, H, W, C) */
export const channelsLast = (values: Numbers, image: ImageShape): Float64Array =>
  moved(values, image, 'last');

/** (M, H, W, C) -> (M, C, H, W) */
export const channelsFirst = (values: Numbers, image: ImageShape): Float64Array =>
  moved(values, image, 'first');
