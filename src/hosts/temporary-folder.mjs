// Plain JavaScript: main.mjs needs it before any TypeScript can run.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from './user-error.mjs';

/**
 * Makes a temporary folder.
 *
 * @param {string} prefix of its name
 * @param {string} [parent]
 * @returns {string}
 * @throws {UserError} where none can be made
 */
export function temporaryFolder(prefix, parent = tmpdir()) {
  try {
    return mkdtempSync(join(parent, prefix));
  } catch (error) {
    throw noTemporaryFolder(parent, error);
  }
}

/**
 * What the user is told where temporary files cannot be written.
 *
 * @param {string} parent
 * @param {unknown} error the file system's
 * @returns {UserError}
 */
export function noTemporaryFolder(parent, error) {
  // `ENOENT: no such file or directory, mkdtemp '...'`
  const [reason] = (error instanceof Error ? error.message : String(error)).split(', ');
  return new UserError(
    `temporary files cannot be written to ${parent} (${reason}): make room there, or set TMPDIR to another folder`,
  );
}
