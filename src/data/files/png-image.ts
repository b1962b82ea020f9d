/** Reads an image of a PNG file as a data set's records hold theirs. */

import { convertIndexedToRgb, decode } from 'fast-png';
import type { ImageSize } from '../record-set.ts';

/**
 * The planes (C·H·W bytes) of an image, channel by channel, row by row. A grey image is red, green and blue alike where three channels are wanted.
 * @throws Error in one line where the file is no PNG or its image is of another kind
 */
export function imageOfPng(
  file: Uint8Array,
  { channels, height, width }: ImageSize,
): Uint8Array<ArrayBuffer> {
  const { data, channels: found } = pixelsOf(file, height, width);
  const colours = found <= 2 ? 1 : 3;
  if (colours > channels) throw new Error(`it is in colour, the net takes ${channels} channel`);
  const planes = new Uint8Array(channels * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    if (found !== colours && data[pixel * found + colours] !== 255)
      throw new Error('it is transparent in places');
    for (let c = 0; c < channels; c++) {
      planes[c * height * width + pixel] = data[pixel * found + Math.min(c, colours - 1)]!;
    }
  }
  return planes;
}

function pixelsOf(file: Uint8Array, height: number, width: number) {
  const png = decoded(file);
  if (png.width !== width || png.height !== height) {
    throw new Error(`it has ${png.width} x ${png.height} pixels, the net takes ${width} x ${height}`);
  }
  if (png.palette !== undefined) {
    const data = convertIndexedToRgb(png);
    return { data, channels: data.length / (height * width) };
  }
  if (png.depth !== 8) throw new Error(`it has ${png.depth} bits per channel, save it with 8`);
  return { data: png.data, channels: png.channels };
}

function decoded(file: Uint8Array) {
  try {
    return decode(file);
  } catch (error) {
    throw new Error(`it is no whole PNG file (${(error as Error).message.split('\n', 1)[0]})`);
  }
}
