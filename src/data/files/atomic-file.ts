/**
 * Files that appear whole or not at all: written under a temporary name of their own, then renamed. Several processes may
 * prepare the same cache at once; each has its own temporary names, and a rename replaces one good file by its equal.
 */

import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { atExit } from './at-exit.ts';
import { FileWriteError } from './file-write-error.ts';
import { makeMissingFolders } from './missing-folders.mjs';

const TEMPORARY_PREFIX = '.wgrad-tmp-';
/** A temporary file or folder in which nothing has been written for so long belongs to a process that died. */
export const STALE_AFTER_MS = 6 * 60 * 60 * 1000;

/** A name in `directory` that no other process uses. */
export function temporaryPath(directory: string): string {
  return join(directory, `${TEMPORARY_PREFIX}${randomUUID()}`);
}

/**
 * Writes a file so that other processes see either the old one or the new one. Makes its folder if needed.
 * @throws FileWriteError; the temporary file is gone then
 */
export async function writeFileAtomically(
  directory: string,
  name: string,
  data: Uint8Array | string,
): Promise<void> {
  const temporary = temporaryPath(directory);
  const forget = atExit(() => rmSync(temporary, { force: true }));
  try {
    makeMissingFolders(directory);
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new FileWriteError(join(directory, name), error);
  } finally {
    forget();
  }
}

/** The same at once, in a folder that exists: what a signal must not interrupt. @throws FileWriteError */
export function writeFileAtomicallySync(path: string, data: Uint8Array | string): void {
  const temporary = temporaryPath(dirname(path));
  try {
    writeFileSync(temporary, data, { flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new FileWriteError(path, error);
  }
}

/** Adds to a file all of `data` or nothing. @throws FileWriteError */
export function appendWhole(path: string, data: string): void {
  const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  try {
    appendFileSync(path, data);
  } catch (error) {
    // A full disk takes a part.
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) truncateSync(path, before);
    throw new FileWriteError(path, error);
  }
}

/** Removes every temporary file and folder in `directory`, where the caller alone writes. */
export function removeTemporaries(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(TEMPORARY_PREFIX)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** Runs `use` with an empty temporary folder inside `directory`, and removes it afterwards or when the process ends before. */
export async function withTemporaryDirectory<T>(
  directory: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = temporaryPath(directory);
  makeMissingFolders(path);
  const forget = atExit(() => rmSync(path, { recursive: true, force: true }));
  try {
    return await use(path);
  } finally {
    await rm(path, { recursive: true, force: true });
    forget();
  }
}

/** Removes temporary files and folders that processes which died have left in `directory`. */
export async function removeStaleTemporaries(directory: string, nowMs = Date.now()): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const path = join(directory, name);
    if (nowMs - (await lastWrittenMs(path)) > STALE_AFTER_MS)
      await rm(path, { recursive: true, force: true });
  }
}

/** When a file, or anything directly in a folder, was last written; now if it has just disappeared. */
async function lastWrittenMs(path: string): Promise<number> {
  const inside = await readdir(path).catch(() => []);
  const paths = [path, ...inside.map((name) => join(path, name))];
  const times = await Promise.all(
    paths.map((each) =>
      stat(each)
        .then((s) => s.mtimeMs)
        .catch(() => Date.now()),
    ),
  );
  return Math.max(...times);
}
