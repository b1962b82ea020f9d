/** Turns PNG files of images, one image per row, into canonical records. */

import { decode } from 'fast-png';
import { CHANNELS, IMAGE_BYTES, PLANE_PIXELS, RECORD_BYTES } from '../cifar10.ts';

/**
 * Converts one PNG into records.
 *
 * @param png a PNG of 1,024 x count pixels, 8-bit RGB; row i holds the pixels of image i, row-major
 * @param labels (count) integers 0..9
 * @returns (count, 3073) bytes: label, red, green, blue plane
 * @throws Error if the PNG is damaged or has another size or pixel format; RangeError if a label is no byte
 */
export function pngToRecords(png: Uint8Array, labels: readonly number[]): Uint8Array<ArrayBuffer> {
  const { width, height, channels, depth, data } = decode(png);
  if (width !== PLANE_PIXELS || height !== labels.length || channels !== CHANNELS || depth !== 8) {
    throw new Error(
      `PNG of ${width} x ${height} pixels, ${channels} channels of ${depth} bits, ` +
        `instead of ${PLANE_PIXELS} x ${labels.length}, ${CHANNELS} channels of 8 bits`,
    );
  }
  const records = new Uint8Array(labels.length * RECORD_BYTES);
  // A local: module runners turn each use of an import into a call.
  const plane = PLANE_PIXELS;
  for (const [i, label] of labels.entries()) {
    if (!Number.isInteger(label) || label < 0 || label > 255) throw new RangeError(`label ${i} is ${label}`);
    const to = i * RECORD_BYTES;
    const from = i * IMAGE_BYTES;
    records[to] = label;
    for (let p = 0; p < plane; p++) {
      records[to + 1 + p] = data[from + 3 * p]!;
      records[to + 1 + plane + p] = data[from + 3 * p + 1]!;
      records[to + 1 + 2 * plane + p] = data[from + 3 * p + 2]!;
    }
  }
  return records;
}
