import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path as the user meant it: npm starts scripts in the project's folder and says where it was called. */
export const resolvePath = (path: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), path);
