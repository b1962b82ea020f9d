import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  Browser as BrowserName,
  detectBrowserPlatform,
  getInstalledBrowsers,
  install,
  resolveBuildId,
} from '@puppeteer/browsers';
import puppeteer, { type Browser } from 'puppeteer';
import { UserError } from '../user-error.ts';
import { makeProfileFolder } from './profile-folder.ts';

/** Which WebGPU adapter Chrome is asked for: the machine's own, or the software one (SwiftShader). */
export type AdapterChoice = 'auto' | 'swiftshader';

export interface LaunchOptions {
  /** `auto` leaves the choice to Chrome, which falls back to SwiftShader where there is no GPU. */
  readonly adapter?: AdapterChoice;
  readonly headless?: boolean;
  /** More command-line switches for Chrome. */
  readonly args?: readonly string[];
  /** Receives one line per step of a browser installation. */
  readonly log?: (line: string) => void;
}

const isRoot = process.getuid?.() === 0;

/** Names of Chrome and its relatives on PATH. `chromium-headless-shell` is left out: it has no WebGPU. */
const executableNames = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'];

function knownPlaces(): string[] {
  switch (process.platform) {
    case 'darwin':
      return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) => [
        join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
        join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
      ]);
    case 'win32':
      return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
        .map((name) => process.env[name])
        .filter((folder) => folder !== undefined)
        .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'));
    default:
      return (process.env.PATH ?? '')
        .split(delimiter)
        .filter((folder) => folder !== '')
        .flatMap((folder) => executableNames.map((name) => join(folder, name)));
  }
}

const puppeteerCache = process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');

async function cachedByPuppeteer(): Promise<string | undefined> {
  if (!existsSync(puppeteerCache)) return undefined;
  const installed = await getInstalledBrowsers({ cacheDir: puppeteerCache });
  return installed.find((browser) => browser.browser === BrowserName.CHROME)?.executablePath;
}

/** Runs a command to its end; resolves to its exit status, or -1 where it cannot be started. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    child.on('error', () => resolve(-1));
    child.on('close', (code) => resolve(code ?? -1));
  });
}

/** Debian, as root: the distribution's own package. */
async function installWithApt(log: (line: string) => void): Promise<string | undefined> {
  if (!isRoot || !existsSync('/etc/debian_version')) return undefined;
  log('no browser found: installing Debian package chromium (apt-get)');
  await run('apt-get', ['update', '-qq']);
  const status = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  return status === 0 ? knownPlaces().find((path) => existsSync(path)) : undefined;
}

/** Elsewhere: the Chrome for Testing build that puppeteer uses, in puppeteer's cache. */
async function installWithPuppeteer(log: (line: string) => void): Promise<string | undefined> {
  const platform = detectBrowserPlatform();
  if (platform === undefined) return undefined;
  try {
    const buildId = await resolveBuildId(BrowserName.CHROME, platform, 'stable');
    log(`no browser found: downloading Chrome ${buildId} into ${puppeteerCache}`);
    const installed = await install({ browser: BrowserName.CHROME, buildId, cacheDir: puppeteerCache });
    return installed.executablePath;
  } catch (error) {
    log(`download of Chrome failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/**
 * Path of a Chrome with WebGPU: WGRAD_BROWSER, then the usual places, then puppeteer's cache, then an installation.
 * @throws UserError where there is none and none can be installed.
 */
export async function findChrome(log: (line: string) => void = () => {}): Promise<string> {
  const explicit = process.env.WGRAD_BROWSER ?? process.env.PUPPETEER_EXECUTABLE_PATH;
  if (explicit !== undefined) {
    if (existsSync(explicit)) return explicit;
    throw new UserError(`the browser named by WGRAD_BROWSER does not exist: ${explicit}`);
  }
  const path =
    knownPlaces().find((place) => existsSync(place)) ??
    (await cachedByPuppeteer()) ??
    (await installWithApt(log)) ??
    (await installWithPuppeteer(log));
  if (path === undefined) {
    throw new UserError(
      'no browser found: install Google Chrome or Chromium, or name one with WGRAD_BROWSER=/path/to/chrome',
    );
  }
  return path;
}

/** Chrome's switches; each has its reason. */
export function switches(options: LaunchOptions = {}): string[] {
  return [
    // Chrome refuses to start its sandbox as root.
    ...(isRoot ? ['--no-sandbox'] : []),
    // WebGPU on Linux, and timestamps that are not rounded to 100 us.
    '--enable-unsafe-webgpu',
    '--enable-webgpu-developer-features',
    // The software adapter, where there is no GPU.
    '--enable-unsafe-swiftshader',
    ...(options.adapter === 'swiftshader' ? ['--use-webgpu-adapter=swiftshader'] : []),
    // Nothing but the page itself: no look-ups, no updates.
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
    // A page that is not looked at runs at full speed.
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    ...(options.args ?? []),
  ];
}

/** Starts Chrome, installing it first where there is none. It ends with this process, and its profile folder with it. */
export async function launchChrome(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = await findChrome(options.log);
  const folder = makeProfileFolder();
  try {
    const browser = await puppeteer.launch({
      executablePath,
      headless: options.headless ?? true,
      pipe: true,
      args: switches(options),
      userDataDir: folder.profile,
      env: { ...process.env, TMPDIR: folder.temporary },
      signal: folder.signal,
      protocolTimeout: 0,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    browser.process()?.once('exit', () => folder.remove());
    return browser;
  } catch (error) {
    folder.remove();
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(`${executablePath} does not start: ${reason}`);
  }
}
