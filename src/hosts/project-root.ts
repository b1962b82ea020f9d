import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path as the user meant it: commands work where the user stands (`cli/setup/place.mjs`). */
export const resolvePath = (path: string): string => resolve(path);
