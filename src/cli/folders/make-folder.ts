import { rmdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeMissingFolders } from '../../data/files/missing-folders.mjs';
import { UserError } from '../../hosts/user-error.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  // Of a folder that exists: one of the kernel's, such as /proc.
  ENOENT: 'no folder can be made there',
};

/**
 * Makes a folder, and those above it, where they are missing.
 * @returns the topmost folder that had to be made
 * @throws UserError, in one line, where it cannot be made or is a file
 */
export function makeFolder(path: string): string | undefined {
  try {
    return makeMissingFolders(path);
  } catch (error) {
    const { code = '', message, path: where } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' && where === resolve(path)) throw new UserError(`${path} is a file, not a folder`);
    throw new UserError(`cannot make the folder ${path}: ${reasons[code] ?? message}`);
  }
}

/** Removes a folder and those above it, up to the `topmost` that had to be made, as far as they are empty. */
export function removeEmpty(path: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  try {
    for (let folder = path; folder.length >= topmost.length; folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // Something is in it.
  }
}
