// Plain JavaScript: the command line needs it before TypeScript can be loaded.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Who had made a folder above may remove it, empty, before the next one stands in it. */
const attempts = 4;

/**
 * Makes a folder, and those above it that are missing, one at a time. (Node's `mkdirSync` with `recursive` never ends where a folder that
 * exists answers ENOENT, as those of /proc do.)
 *
 * @param {string} path
 * @returns {string | undefined} the topmost folder that had to be made
 * @throws {Error} the file system's; where `path` or what is above it is a file, its code is ENOTDIR and its `path` that file's
 */
export function makeMissingFolders(path) {
  for (let attempt = 1; ; attempt++) {
    try {
      const missing = missingFolders(resolve(path));
      for (const folder of missing) makeOne(folder);
      return missing[0];
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === attempts) throw error;
    }
  }
}

/**
 * From the topmost one down.
 *
 * @param {string} path
 * @returns {string[]}
 */
function missingFolders(path) {
  if (exists(path)) return [];
  const above = dirname(path);
  // The root of a drive that is not there.
  return above === path ? [path] : [...missingFolders(above), path];
}

/** @param {string} path */
function makeOne(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'EEXIST' || !exists(path)) throw error;
  }
}

/** @param {string} path */
function exists(path) {
  if (!existsSync(path)) return false;
  if (statSync(path).isDirectory()) return true;
  throw Object.assign(new Error(`${path} is a file`), { code: 'ENOTDIR', path });
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;
