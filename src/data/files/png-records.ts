/** Turns PNG files of images, one image per row, into canonical records. */

import { decode } from 'fast-png';
import { type RecordSet, recordBytes } from '../record-set.ts';

/**
 * Converts one PNG into records.
 *
 * @param png a PNG of H·W x count pixels, 8 bits per channel; row i holds the pixels of image i, row-major
 * @param labels (count) classes
 * @returns (count, record bytes): label, then the planes
 * @throws Error if the PNG is damaged or has another size or pixel format; RangeError if a label is no byte
 */
export function pngToRecords(
  set: Pick<RecordSet, 'image' | 'labels'>,
  png: Uint8Array,
  labels: readonly number[],
): Uint8Array<ArrayBuffer> {
  const plane = set.image.height * set.image.width;
  const planes = set.image.channels;
  const { width, height, channels, depth, data } = decode(png);
  if (width !== plane || height !== labels.length || channels !== planes || depth !== 8) {
    throw new Error(
      `PNG of ${width} x ${height} pixels, ${channels} channels of ${depth} bits, ` +
        `instead of ${plane} x ${labels.length}, ${planes} channels of 8 bits`,
    );
  }
  const bytes = recordBytes(set);
  const records = new Uint8Array(labels.length * bytes);
  for (const [i, label] of labels.entries()) {
    if (!Number.isInteger(label) || label < 0 || label > 255) throw new RangeError(`label ${i} is ${label}`);
    records[i * bytes + set.labels.at] = label;
    const to = i * bytes + set.labels.bytes;
    const from = i * plane * planes;
    for (let p = 0; p < plane; p++) {
      for (let c = 0; c < planes; c++) records[to + c * plane + p] = data[from + planes * p + c]!;
    }
  }
  return records;
}
