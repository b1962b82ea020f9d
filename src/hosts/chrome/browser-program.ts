// What is known of a browser as a program: where one may be, and how one is had.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Browser as BrowserName } from '@puppeteer/browsers';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface BrowserProgram {
  /** For people: `Chrome`. */
  readonly title: string;
  /** Environment variables that name one, the first that is set before the others. */
  readonly variables: readonly [string, ...string[]];
  /** Names on PATH, the first choice first. */
  readonly executables: readonly string[];
  /** Places of macOS below the folders for applications, and of Windows below those for programs. */
  readonly darwin: readonly string[];
  readonly win32: readonly (readonly string[])[];
  /** Its name in puppeteer's cache and downloads. */
  readonly puppeteerName: BrowserName;
  /** Debian's package. */
  readonly debianPackage: string;
  /** What to do where there is none. */
  readonly advice: string;
}

/** Chrome and its relatives. `chromium-headless-shell` is left out: it has no WebGPU. */
export const chrome: BrowserProgram = {
  title: 'Chrome',
  variables: ['WGRAD_BROWSER', 'PUPPETEER_EXECUTABLE_PATH'],
  executables: ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'],
  darwin: ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'],
  win32: [['Google', 'Chrome', 'Application', 'chrome.exe']],
  puppeteerName: BrowserName.CHROME,
  debianPackage: 'chromium',
  advice: 'install Google Chrome or Chromium, or name one with WGRAD_BROWSER=/path/to/chrome',
};

export const applicationFolders = (): readonly string[] => ['/Applications', join(homedir(), 'Applications')];

export const programFolders = (env: Environment): readonly string[] =>
  ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
    .map((name) => env[name])
    .filter((folder) => folder !== undefined && folder !== '')
    .map((folder) => folder!);
