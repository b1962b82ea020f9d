import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../data/files/atomic-file.ts';
import { cacheDirectory } from '../../data/files/cache.ts';
import { writableFolder } from '../../data/files/private-folder.mjs';
import { mergeTuning, parseTuning, type TuningRecords, tuningText } from '../../train/tuning-records.ts';

const name = 'tuning.json';

type Log = (line: string) => void;

/**
 * Measured variants of every adapter that this machine has trained on. What cannot be understood, a damaged file or another version's
 * records, is left out with one warning, since it can be measured again.
 */
export function readTuningFile(log: Log, cache = cacheDirectory()): TuningRecords {
  const stand = standIn(cache);
  const folders = stand === undefined || stand === cache ? [cache] : [cache, stand];
  return folders.map((folder) => readFrom(join(folder, name), log)).reduce(mergeTuning, {});
}

/** Adds measurements to the file. Where it cannot be written, they are measured again next time: one warning. */
export async function addToTuningFile(
  records: TuningRecords,
  log: Log,
  cache = cacheDirectory(),
): Promise<void> {
  try {
    const folder = writableFolder(cache, 'cache').path;
    const file = readFrom(join(folder, name), () => {}); // Whoever read it before has warned.
    await writeFileAtomically(folder, name, tuningText(mergeTuning(file, records)));
  } catch (error) {
    log(`warning: what was measured cannot be kept for the next time: ${(error as Error).message}`);
  }
}

/** The folder that stands in for a cache which cannot be written to. */
function standIn(cache: string): string | undefined {
  try {
    return writableFolder(cache, 'cache').path;
  } catch {
    return undefined;
  }
}

function readFrom(path: string, log: Log): TuningRecords {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warn(path, message, log);
    return {};
  }
  const { records, problem } = parseTuning(text);
  if (problem !== undefined) warn(path, problem, log);
  return records;
}

function warn(path: string, why: string, log: Log): void {
  log(`warning: ${path} cannot be used (${why}): its kernel variants are measured again`);
}
