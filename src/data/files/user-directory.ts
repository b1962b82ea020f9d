/** Source: a directory the user names. It is only read, and nothing is downloaded in its place. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordSet } from '../record-set.ts';
import { checkRecordFiles, type OnVerify } from './cache.ts';
import { DataError } from './data-error.ts';

/**
 * Finds the record files in a directory, or in the folder that the set's archive unpacks into it, and checks them.
 *
 * @param directory as the user typed it
 * @param cache cache folder, for the markers of files already verified
 * @returns the folder that holds the files
 * @throws DataError naming the first file that is missing or not the official one
 */
export async function findInUserDirectory(
  directory: string,
  set: RecordSet,
  cache: string,
  onVerify?: OnVerify,
): Promise<string> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw new DataError(`--data ${directory}: there is no such directory`);

  const archive = set.sources.find((source) => source.kind === 'archive');
  const unpacked = join(directory, archive?.folder ?? '');
  const holdsAny = (folder: string) => anyExists(set.files.map((file) => join(folder, file.name)));
  const folder = !(await holdsAny(directory)) && (await holdsAny(unpacked)) ? unpacked : directory;

  for (const [file, check] of await checkRecordFiles(folder, set, cache, onVerify)) {
    if (check.state === 'verified') continue;
    const names = set.files.map((each) => each.name).join(', ');
    throw new DataError(
      check.state === 'missing'
        ? `--data ${directory}: ${file.name} is missing; the directory must hold ${names}`
        : `--data ${directory}: ${file.name} ${check.reason}; it is not the official file`,
    );
  }
  return folder;
}

async function anyExists(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
