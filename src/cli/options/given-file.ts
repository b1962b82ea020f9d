import { readFileSync } from 'node:fs';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'that is a directory, not a file',
  EACCES: 'this user may not read it',
};

/** The content of a file that an option names. @throws UserError saying which, and what is wrong */
export function readGivenFile(option: string, path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(resolvePath(path)));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new UserError(`${option} ${path}: ${words[code] ?? message}`);
  }
}

/** As text. @throws as readGivenFile */
export const readGivenText = (option: string, path: string): string =>
  new TextDecoder().decode(readGivenFile(option, path));
