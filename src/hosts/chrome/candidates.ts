// Where a browser may be.
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { detectBrowserPlatform, getInstalledBrowsers } from '@puppeteer/browsers';
import { existingPrivateFolder } from '../../data/files/private-folder.mjs';
import { UserError } from '../user-error.ts';
import {
  applicationFolders,
  type BrowserProgram,
  type Environment,
  programFolders,
} from './browser-program.ts';

/** Whether a path can be started: a folder may have a browser's name, and a file may lack the permission. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const onPath = (names: readonly string[], env: Environment): string[] =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)));

/** The browser that the user names, if one is: by its path, or by its name on PATH. @throws UserError where it cannot be started */
export function namedBrowser(
  { variables }: BrowserProgram,
  env: Environment = process.env,
): string | undefined {
  const variable = variables.find((name) => env[name]); // An empty one counts as none.
  if (variable === undefined) return undefined;
  const named = env[variable]!;
  const path = resolve(named);
  if (isExecutable(path)) return path;
  const found = /[\\/]/.test(named) ? undefined : onPath([named], env).find(isExecutable);
  if (found !== undefined) return found;
  const why = existsSync(path) ? 'is not a program that can be started' : 'does not exist';
  throw new UserError(`the browser named by ${variable} ${why}: ${named}`);
}

/** Browsers in the usual places, the first choice first, each once. */
export function installedBrowsers(
  program: BrowserProgram,
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const found = usualPlaces(program, env, platform).filter(isExecutable);
  const files = found.map((path) => realpathSync(path));
  return found.filter((_, i) => files.indexOf(files[i]!) === i);
}

function usualPlaces(
  { executables, darwin, win32 }: BrowserProgram,
  env: Environment,
  platform: NodeJS.Platform,
): string[] {
  switch (platform) {
    case 'darwin':
      return applicationFolders().flatMap((folder) => darwin.map((place) => join(folder, place)));
    case 'win32':
      return programFolders(env).flatMap((folder) => win32.map((place) => join(folder, ...place)));
    default:
      return onPath(executables, env);
  }
}

/** Name of what stands in for puppeteer's cache, in the private folder. */
export const standInName = 'puppeteer';

/** Puppeteer's folder for browsers. */
export const puppeteerCache = (env: Environment = process.env): string =>
  resolve(env.PUPPETEER_CACHE_DIR || join(homedir(), '.cache', 'puppeteer'));

/** That folder, and what stands in for it where it cannot be written to. */
function puppeteerCaches(): string[] {
  const folder = existingPrivateFolder();
  return [puppeteerCache(), ...(folder === undefined ? [] : [join(folder, standInName)])];
}

/** Those in puppeteer's cache, the newest first; none where it cannot be read. */
export async function cachedBrowsers(
  { puppeteerName }: BrowserProgram,
  caches: readonly string[] = puppeteerCaches(),
): Promise<string[]> {
  const installed = await Promise.all(
    caches.map((cacheDir) => getInstalledBrowsers({ cacheDir }).catch(() => [])),
  );
  return installed
    .flat()
    .filter(({ browser, platform }) => browser === puppeteerName && platform === detectBrowserPlatform())
    .sort((a, b) => b.buildId.localeCompare(a.buildId, 'en', { numeric: true }))
    .map(({ executablePath }) => executablePath)
    .filter(isExecutable);
}
