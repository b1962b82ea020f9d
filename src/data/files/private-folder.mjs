// Plain JavaScript: the command line needs it before TypeScript can be loaded.
import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder of this user alone among the temporary ones, the same one each time: what stands in for a home or a cache that
 * cannot be used. Others may write among the temporary folders, too: a name that somebody else took is left alone.
 *
 * @param {string} [temporary] the folder of temporary folders
 * @returns {string}
 * @throws {Error} the file system's, where none can be made
 */
export function privateFolder(temporary = tmpdir()) {
  const path = join(temporary, `wgrad-${process.getuid?.() ?? 'user'}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const found = lstatSync(path);
    const isOurs = process.getuid === undefined || found.uid === process.getuid();
    const isPrivate = process.platform === 'win32' || (found.mode & 0o077) === 0;
    if (found.isDirectory() && isOurs && isPrivate) return path;
  } catch {}
  return mkdtempSync(`${path}-`);
}
