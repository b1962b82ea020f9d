// The first layer's weights as an image: what each unit looks for.
import { encode } from 'fast-png';
import type { ImageSize } from '../data/record-set.ts';

export interface WeightImage {
  /** `data:image/png;base64,...` */
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

const columns = 10;
/** Pixels of white between the units. */
const gap = 2;

/**
 * `weight` (units, C·H·W), as in a PyTorch state dict: an image per unit, ten in a row; 1 channel or 3. Grey is 0; each unit's
 * largest weight, of either sign, is full colour.
 */
export function weightImage(
  weight: Float32Array,
  { channels, height: high, width: wide }: ImageSize,
): WeightImage {
  const plane = high * wide;
  const units = weight.length / (channels * plane);
  const width = Math.min(columns, units) * (wide + gap) - gap;
  const height = Math.ceil(units / columns) * (high + gap) - gap;
  const pixels = new Uint8Array(width * height * channels).fill(255);
  for (let unit = 0; unit < units; unit++) {
    const values = weight.subarray(unit * channels * plane, (unit + 1) * channels * plane);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const [left, top] = [(unit % columns) * (wide + gap), Math.floor(unit / columns) * (high + gap)];
    for (let p = 0; p < plane; p++) {
      const place = (top + Math.floor(p / wide)) * width + left + (p % wide);
      for (let channel = 0; channel < channels; channel++) {
        const share = values[channel * plane + p]! / largest;
        pixels[place * channels + channel] = Math.round(127.5 + 127.5 * share);
      }
    }
  }
  const file = encode({ width, height, data: pixels, channels, depth: 8 });
  return { url: `data:image/png;base64,${base64(file)}`, width, height };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}
