// Where a Chrome may be.
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { Browser as BrowserName, detectBrowserPlatform, getInstalledBrowsers } from '@puppeteer/browsers';
import { existingPrivateFolder } from '../../data/files/private-folder.mjs';
import { UserError } from '../user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names of Chrome and its relatives on PATH. `chromium-headless-shell` is left out: it has no WebGPU. */
const executableNames = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'];

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
export function namedBrowser(env: Environment = process.env): string | undefined {
  const variable = env.WGRAD_BROWSER ? 'WGRAD_BROWSER' : 'PUPPETEER_EXECUTABLE_PATH';
  const named = env[variable];
  if (!named) return undefined; // An empty variable counts as none.
  const path = resolve(named);
  if (isExecutable(path)) return path;
  const found = /[\\/]/.test(named) ? undefined : onPath([named], env).find(isExecutable);
  if (found !== undefined) return found;
  const why = existsSync(path) ? 'is not a program that can be started' : 'does not exist';
  throw new UserError(`the browser named by ${variable} ${why}: ${named}`);
}

/** Browsers in the usual places, the first choice first, each once. */
export function installedBrowsers(
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const found = usualPlaces(env, platform).filter(isExecutable);
  const files = found.map((path) => realpathSync(path));
  return found.filter((_, i) => files.indexOf(files[i]!) === i);
}

function usualPlaces(env: Environment, platform: NodeJS.Platform): string[] {
  switch (platform) {
    case 'darwin':
      return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) => [
        join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
        join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
      ]);
    case 'win32':
      return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
        .map((name) => env[name])
        .filter((folder) => folder !== undefined && folder !== '')
        .map((folder) => join(folder!, 'Google', 'Chrome', 'Application', 'chrome.exe'));
    default:
      return onPath(executableNames, env);
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

/** Chromes in puppeteer's cache, the newest first; none where it cannot be read. */
export async function cachedBrowsers(caches: readonly string[] = puppeteerCaches()): Promise<string[]> {
  const installed = await Promise.all(
    caches.map((cacheDir) => getInstalledBrowsers({ cacheDir }).catch(() => [])),
  );
  return installed
    .flat()
    .filter(({ browser, platform }) => browser === BrowserName.CHROME && platform === detectBrowserPlatform())
    .sort((a, b) => b.buildId.localeCompare(a.buildId, 'en', { numeric: true }))
    .map(({ executablePath }) => executablePath)
    .filter(isExecutable);
}
