import type { Browser } from 'puppeteer';
import { UserError } from '../user-error.ts';
import { BrowserNotStarted, startBrowser } from './browser-process.ts';
import { cachedBrowsers, installedBrowsers, namedBrowser } from './candidates.ts';
import { installChrome } from './install-chrome.ts';

/** Which WebGPU adapter Chrome is asked for: the machine's own, or the software one (SwiftShader). */
export type AdapterChoice = 'auto' | 'swiftshader';

export interface LaunchOptions {
  /** `auto` leaves the choice to Chrome, which falls back to SwiftShader where there is no GPU. */
  readonly adapter?: AdapterChoice;
  readonly headless?: boolean;
  /** More command-line switches for Chrome. */
  readonly args?: readonly string[];
  /** Receives one line per step of a browser installation, and per browser that does not start. */
  readonly log?: (line: string) => void;
}

/** A browser that runs, and where it is. */
export interface StartedChrome {
  readonly browser: Browser;
  readonly path: string;
}

const isRoot = process.getuid?.() === 0;

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
    // The address bar's suggestions are pages of their own: 2 s of a core at every start (Chromium 156), for a bar that nobody sees.
    '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
    // A page that is not looked at runs at full speed.
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    ...(options.args ?? []),
  ];
}

/** Starts Chrome, as `startChrome`. */
export const launchChrome = async (options: LaunchOptions = {}): Promise<Browser> =>
  (await startChrome(options)).browser;

/**
 * Starts the first Chrome that does start: the one that WGRAD_BROWSER names, and no other; else those of the usual places, then
 * those of puppeteer's cache, the newest first; where there is none at all, one is installed.
 * @throws UserError where none starts, with each one's own last words
 */
export async function startChrome(options: LaunchOptions = {}): Promise<StartedChrome> {
  const log = options.log ?? (() => {});
  const named = namedBrowser();
  const paths = named === undefined ? [...installedBrowsers(), ...(await cachedBrowsers())] : [named];
  if (paths.length === 0) {
    const installed = await installChrome(log);
    if (installed === undefined) {
      throw new UserError(
        'no browser found: install Google Chrome or Chromium, or name one with WGRAD_BROWSER=/path/to/chrome',
      );
    }
    paths.push(installed);
  }
  return startFirst(paths, (path) => startAnyhow(path, options, log), log);
}

/** Tries one after another. @throws UserError where none starts */
export async function startFirst(
  paths: readonly string[],
  start: (path: string) => Promise<Browser>,
  log: (line: string) => void,
): Promise<StartedChrome> {
  const failures: string[] = [];
  for (const [i, path] of paths.entries()) {
    try {
      return { browser: await start(path), path };
    } catch (error) {
      if (!(error instanceof BrowserNotStarted)) throw error;
      failures.push(`${path} does not start: ${error.message}`);
      const next = paths[i + 1];
      if (next !== undefined) log(`${failures.at(-1)}; trying ${next}`);
    }
  }
  throw new UserError(
    `${failures.join('; ')} (another browser can be named with WGRAD_BROWSER=/path/to/chrome)`,
  );
}

/** In most containers an ordinary user's Chrome has no sandbox to start. The pages that it opens here are this project's own. */
async function startAnyhow(
  path: string,
  options: LaunchOptions,
  log: (line: string) => void,
): Promise<Browser> {
  const { headless = true } = options;
  const args = switches(options);
  try {
    return await startBrowser(path, { headless, args });
  } catch (error) {
    const isSandbox =
      error instanceof BrowserNotStarted && /no usable sandbox|SUID sandbox/i.test(error.message);
    if (!isSandbox || args.includes('--no-sandbox')) throw error;
    log(`${path} has no sandbox here: starting it without one (it opens nothing but wgrad's own page)`);
    return startBrowser(path, { headless, args: ['--no-sandbox', ...args] });
  }
}
