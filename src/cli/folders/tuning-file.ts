import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../data/files/atomic-file.ts';
import { cacheDirectory } from '../../data/files/cache.ts';
import type { Tuning } from '../../train/tuner.ts';
import type { TunedOp } from '../../train/variant-timing.ts';

const name = 'tuning.json';

/** Measured variants of every adapter that this machine has trained on, by `tuningKey`. */
export type TuningFile = Readonly<Record<string, Readonly<Record<string, TunedOp>>>>;

/** What was measured before; nothing where the file is missing or damaged, since it can be measured again. */
export function readTuningFile(): TuningFile {
  try {
    return JSON.parse(readFileSync(join(cacheDirectory(), name), 'utf8')) as TuningFile;
  } catch {
    return {};
  }
}

/** Adds measurements to the file. */
export async function addToTuningFile({ key, ops }: Tuning): Promise<void> {
  const file = readTuningFile();
  const merged = { ...file, [key]: { ...file[key], ...ops } };
  await writeFileAtomically(cacheDirectory(), name, `${JSON.stringify(merged, null, 2)}\n`);
}
