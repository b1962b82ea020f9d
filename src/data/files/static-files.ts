/** A data set as files beside a page, for a web server without code of its own. */

import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalisationName } from '../normalisation.ts';
import { normalisationBytes } from './normalisation-file.ts';
import type { PreparedData } from './prepare.ts';

/**
 * Puts into a folder what serve.ts answers with: the record files, and the normalisations of these numbers of training images.
 * @throws RangeError as `normalisationBytes`
 */
export async function writeStaticFiles(
  data: PreparedData,
  folder: string,
  trainingImages: readonly number[],
): Promise<void> {
  for (const { name } of data.set.files) await copyFile(join(data.directory, name), join(folder, name));
  for (const count of trainingImages) {
    await writeFile(join(folder, normalisationName(count)), await normalisationBytes(data, count));
  }
}
