/** The cache: one folder per user, in it one per data set with its record files, each accepted only with its SHA-256. */

import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type RecordFile, type RecordSet, recordFileBytes } from '../record-set.ts';
import { removeStaleTemporaries } from './atomic-file.ts';
import { writableFolder } from './private-folder.mjs';
import { checkFile, type FileCheck, rememberVerified } from './verified-file.ts';

/** The process's surroundings on which the place of the cache depends. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/**
 * The cache folder: `$WGRAD_DATA` if set, else `$XDG_CACHE_HOME/wgrad` (ignored if relative, as its specification asks),
 * else the platform's usual place.
 */
export function cacheDirectory(
  { env, platform, home }: Surroundings = { env: process.env, platform: process.platform, home: homedir() },
): string {
  if (env.WGRAD_DATA) return resolve(env.WGRAD_DATA);
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, 'wgrad');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'wgrad');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'wgrad', 'cache');
  return join(home, '.cache', 'wgrad');
}

/** A data set's folder in the cache folder; the cache folder itself where an earlier version, or the user, put the files there. */
export function datasetCache(set: RecordSet, root: string = cacheDirectory()): string {
  return set.files.some(({ name }) => existsSync(join(root, name))) ? root : join(root, set.name);
}

/** Folder of the markers within a cache folder (verified-file.ts). */
export function markerDirectory(cache: string): string {
  return join(cache, 'verified');
}

/** Told which file is being hashed, and how many bytes of all `files` are done. */
export type OnVerify = (file: RecordFile, doneBytes: number) => void;

/** Checks files of a set in any folder; the markers are kept in the cache folder. */
export async function checkRecordFiles(
  directory: string,
  set: RecordSet,
  cache: string,
  onVerify: OnVerify = () => {},
): Promise<Map<RecordFile, FileCheck>> {
  const checks = new Map<RecordFile, FileCheck>();
  let before = 0;
  for (const file of set.files) {
    const expected = { sizeBytes: recordFileBytes(set, file), sha256: file.sha256 };
    const onBytes = (bytes: number) => onVerify(file, before + bytes);
    checks.set(file, await checkFile(join(directory, file.name), expected, markerDirectory(cache), onBytes));
    before += expected.sizeBytes;
  }
  return checks;
}

/**
 * A cache folder that can be written to, made if needed, without what processes that died have left in it: the usual one, or
 * a private one among the temporary folders in its place, of which the user is told in one line.
 *
 * @throws the file system's error where neither can be written to
 */
export async function openCache(cache: string, onNotice: (line: string) => void = () => {}): Promise<string> {
  const { path, problem } = writableFolder(cache, 'cache');
  if (problem !== undefined) {
    onNotice(`the cache ${cache} cannot be written to (${problem}): ${path} stands in for it`);
  }
  await removeStaleTemporaries(path);
  await removeStaleTemporaries(markerDirectory(path));
  return path;
}

/**
 * Moves a finished file, which must lie on the same file system, into the cache.
 * @throws Error naming the file if it is not what it should be; the cache is unchanged then
 */
export async function acceptIntoCache(
  cache: string,
  set: RecordSet,
  file: RecordFile,
  path: string,
): Promise<void> {
  const expected = { sizeBytes: recordFileBytes(set, file), sha256: file.sha256 };
  const target = join(cache, file.name);
  const check = await checkFile(path, expected);
  if (check.state !== 'verified') {
    throw new Error(`${file.name} ${check.state === 'wrong' ? check.reason : 'is missing'}`);
  }
  try {
    await rename(path, target);
  } catch (error) {
    // Windows refuses while another process reads the target, which is then one that the other process has just made.
    if ((await checkFile(target, expected)).state !== 'verified') throw error;
  }
  await rememberVerified(target, expected, markerDirectory(cache));
}
