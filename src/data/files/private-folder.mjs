// Plain JavaScript: the command line needs it before TypeScript can be loaded.
import { accessSync, constants, lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeMissingFolders } from './missing-folders.mjs';

/**
 * A folder of this user alone among the temporary ones, the same one each time: what stands in for a home or a cache that
 * cannot be used. Others may write among the temporary folders, too: a name that somebody else took is left alone.
 *
 * @param {string} [temporary] the folder of temporary folders
 * @returns {string}
 * @throws {Error} the file system's, where none can be made
 */
export function privateFolder(temporary = tmpdir()) {
  const path = pathIn(temporary);
  try {
    makeMissingFolders(temporary);
    mkdirSync(path, { mode: 0o700 });
  } catch {}
  return existingPrivateFolder(temporary) ?? mkdtempSync(`${path}-`);
}

/**
 * The private folder, if it was needed before.
 *
 * @param {string} [temporary]
 */
export function existingPrivateFolder(temporary = tmpdir()) {
  const path = pathIn(temporary);
  const found = entryAt(path);
  const isOurs = process.getuid === undefined || found?.uid === process.getuid();
  const isPrivate = found?.isDirectory() && (process.platform === 'win32' || (found.mode & 0o077) === 0);
  return isOurs && isPrivate ? path : undefined;
}

/**
 * Undefined where there is nothing, or the folder of temporary folders is none.
 *
 * @param {string} path
 */
function entryAt(path) {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** @param {string} temporary */
const pathIn = (temporary) => join(temporary, `wgrad-${process.getuid?.() ?? 'user'}`);

/**
 * A cache folder: the usual one, made where it is missing, or, where it cannot be written to, one in the private folder. (A home
 * may be read-only, or another user's.)
 *
 * @param {string} usual
 * @param {string} name of the one in the private folder
 * @returns {{ readonly path: string, readonly problem?: string }} `problem`: why it is not the usual one
 * @throws {Error} the file system's, where neither can be written to
 */
export function writableFolder(usual, name) {
  try {
    makeMissingFolders(usual);
    accessSync(usual, constants.R_OK | constants.W_OK | constants.X_OK);
    return { path: usual };
  } catch (error) {
    const path = join(privateFolder(), name);
    makeMissingFolders(path);
    return { path, problem: error instanceof Error ? error.message : String(error) };
  }
}
