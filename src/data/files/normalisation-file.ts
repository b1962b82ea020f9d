/** The normalisation of the first N training images, computed once and kept in the cache folder. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  NormalisationSums,
  normalisationName,
  parseNormalisation,
  serialiseNormalisation,
} from '../normalisation.ts';
import { imageBytes, type RecordFile, recordBytes, splitImages } from '../record-set.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { PreparedData } from './prepare.ts';

/**
 * The binary form (mean, then std, float64 little-endian) of the normalisation of the first `count` training images.
 *
 * It is kept in the cache folder whichever folder the images came from: every file is accepted only with its SHA-256, so
 * the content is the same everywhere. A kept file that cannot be right is computed again; if none can be kept, each
 * call computes.
 *
 * @throws RangeError if count is not an integer from 1 to the number of training images
 */
export async function normalisationBytes(
  data: PreparedData,
  count: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const available = splitImages(data.set, 'train');
  if (!Number.isInteger(count) || count < 1 || count > available) {
    throw new RangeError(`normalisation: the number of images must be from 1 to ${available}, got ${count}`);
  }
  const name = normalisationName(count);
  const size = imageBytes(data.set);
  const kept = await readKept(join(data.cache, name), size);
  if (kept) return kept;

  const sums = new NormalisationSums(size);
  for (const file of data.set.files.filter((each) => each.split === 'train')) {
    const images = Math.min(file.images, count - file.firstImage);
    if (images > 0)
      sums.add(await readRecords(data, file), images, recordBytes(data.set), data.set.labels.bytes);
  }
  const bytes = serialiseNormalisation(sums.finish());
  await writeFileAtomically(data.cache, name, bytes).catch(() => {});
  return bytes;
}

async function readRecords(data: PreparedData, file: RecordFile): Promise<Uint8Array> {
  return readFile(join(data.directory, file.name));
}

/** A kept normalisation, or undefined if there is none or it cannot be right. */
async function readKept(path: string, size: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    parseNormalisation(bytes, size);
    return bytes;
  } catch {
    return undefined;
  }
}
