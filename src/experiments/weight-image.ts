// The first layer's weights as an image: what each unit looks for.
import { encode } from 'fast-png';
import { CHANNELS, IMAGE_BYTES, IMAGE_SIDE, PLANE_PIXELS } from '../data/cifar10.ts';

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
 * `weight` (units, 3072), as in a PyTorch state dict: a 32 x 32 colour image per unit, ten in a row. Grey is 0; each unit's
 * largest weight, of either sign, is full colour.
 */
export function weightImage(weight: Float32Array): WeightImage {
  const units = weight.length / IMAGE_BYTES;
  const pitch = IMAGE_SIDE + gap;
  const width = Math.min(columns, units) * pitch - gap;
  const height = Math.ceil(units / columns) * pitch - gap;
  const pixels = new Uint8Array(width * height * CHANNELS).fill(255);
  for (let unit = 0; unit < units; unit++) {
    const values = weight.subarray(unit * IMAGE_BYTES, (unit + 1) * IMAGE_BYTES);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const [left, top] = [(unit % columns) * pitch, Math.floor(unit / columns) * pitch];
    for (let p = 0; p < PLANE_PIXELS; p++) {
      const place = (top + Math.floor(p / IMAGE_SIDE)) * width + left + (p % IMAGE_SIDE);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const share = values[channel * PLANE_PIXELS + p]! / largest;
        pixels[place * CHANNELS + channel] = Math.round(127.5 + 127.5 * share);
      }
    }
  }
  const file = encode({ width, height, data: pixels, channels: CHANNELS, depth: 8 });
  return { url: `data:image/png;base64,${base64(file)}`, width, height };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}
