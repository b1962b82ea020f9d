import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../data/files/atomic-file.ts';
import { cacheDirectory } from '../../data/files/cache.ts';
import { writableFolder } from '../../data/files/private-folder.mjs';
import type { Tuning } from '../../train/tuner.ts';
import type { TunedOp } from '../../train/variant-timing.ts';

const name = 'tuning.json';

/** Measured variants of every adapter that this machine has trained on, by `tuningKey`. */
export type TuningFile = Readonly<Record<string, Readonly<Record<string, TunedOp>>>>;

type Log = (line: string) => void;

/**
 * What was measured before. What cannot be understood, a damaged file or another version's records, is left out with one warning,
 * since it can be measured again.
 */
export function readTuningFile(log: Log, cache = cacheDirectory()): TuningFile {
  const stand = standIn(cache);
  const folders = stand === undefined || stand === cache ? [cache] : [cache, stand];
  const known: Record<string, Readonly<Record<string, TunedOp>>> = {};
  for (const folder of folders) {
    for (const [key, ops] of Object.entries(readFrom(join(folder, name), log))) {
      known[key] = { ...known[key], ...ops };
    }
  }
  return known;
}

/** Adds measurements to the file. Where it cannot be written, they are measured again next time: one warning. */
export async function addToTuningFile(
  { key, ops }: Tuning,
  log: Log,
  cache = cacheDirectory(),
): Promise<void> {
  try {
    const folder = writableFolder(cache, 'cache').path;
    const file = readFrom(join(folder, name), () => {}); // Whoever read it before has warned.
    const merged = { ...file, [key]: { ...file[key], ...ops } };
    await writeFileAtomically(folder, name, `${JSON.stringify(merged, null, 2)}\n`);
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

function readFrom(path: string, log: Log): TuningFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') warn(path, message, log);
    return {};
  }
  if (!isRecord(value)) {
    warn(path, 'it holds no records', log);
    return {};
  }
  let isWhole = true;
  const understood: Record<string, Record<string, TunedOp>> = {};
  for (const [key, ops] of Object.entries(value)) {
    const found = isRecord(ops) ? Object.entries(ops) : [];
    const sound = found.filter((entry): entry is [string, TunedOp] => isTunedOp(entry[1]));
    if (!isRecord(ops) || sound.length < found.length) isWhole = false;
    if (sound.length > 0) understood[key] = Object.fromEntries(sound);
  }
  if (!isWhole) warn(path, 'some of its records are of another version', log);
  return understood;
}

function warn(path: string, why: string, log: Log): void {
  log(`warning: ${path} cannot be used (${why.split('\n', 1)[0]}): its kernel variants are measured again`);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTunedOp(value: unknown): value is TunedOp {
  if (!isRecord(value) || typeof value.variant !== 'string' || !isRecord(value.us)) return false;
  const times = Object.values(value.us);
  return typeof value.us[value.variant] === 'number' && times.every(Number.isFinite);
}
