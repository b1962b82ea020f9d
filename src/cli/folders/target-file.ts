import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';
import { temporaryPath } from '../../data/files/atomic-file.ts';
import { FileWriteError } from '../../data/files/file-write-error.ts';
import { makeFolder, removeEmpty } from './make-folder.ts';

/**
 * Whether a file can be written: asked before the work whose results it is to take. Its folder is made where it is missing, and removed at the
 * end where it stayed empty.
 * @throws UserError, FileWriteError
 */
export function checkTargetFile(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new FileWriteError(path, Object.assign(new Error(), { code: 'EISDIR' }));
  }
  const folder = dirname(path);
  const made = makeFolder(folder);
  atExit(() => removeEmpty(folder, made));
  const temporary = temporaryPath(folder);
  try {
    writeFileSync(temporary, '');
  } catch (error) {
    throw new FileWriteError(path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}
