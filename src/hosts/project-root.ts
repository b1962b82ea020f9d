import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path as the user meant it: commands work where the user stands (`cli/setup/place.mjs`). */
export const resolvePath = (path: string): string => resolve(path);

/** Where results go that no `--out` places: `runs` of the project or, where that may only be read, of where the user stands. */
export function runsFolder(root = projectRoot): string {
  const own = join(root, 'runs');
  try {
    accessSync(existsSync(own) ? own : root, constants.W_OK);
    return own;
  } catch {
    return resolve('runs');
  }
}
