import type { Browser } from 'puppeteer';
import { BrowserNotStarted, startBrowser } from './browser-process.ts';
import { chrome } from './browser-program.ts';
import { chromeProcess } from './chrome-process.ts';
import { type StartedBrowser, startAny } from './start-any.ts';

/** Which WebGPU adapter Chrome is asked for: the machine's own, or the software one (SwiftShader). */
export type AdapterChoice = 'auto' | 'swiftshader';

export interface LaunchOptions {
  /** `auto` leaves the choice to Chrome, which falls back to SwiftShader where there is no GPU. */
  readonly adapter?: AdapterChoice;
  readonly headless?: boolean;
  /** A page that is not looked at is slowed down, as in a visitor's browser. */
  readonly slowsHidden?: boolean;
  /** More command-line switches for Chrome. */
  readonly args?: readonly string[];
  /** Receives one line per step of a browser installation, and per browser that does not start. */
  readonly log?: (line: string) => void;
}

const isRoot = process.getuid?.() === 0;

/** A page that is not looked at runs at full speed. Puppeteer sets these too. */
const fullSpeed = [
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

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
    ...fullSpeed,
    ...(options.args ?? []),
  ];
}

/** Starts Chrome, as `startChrome`. */
export const launchChrome = async (options: LaunchOptions = {}): Promise<Browser> =>
  (await startChrome(options)).browser;

/** Starts the first Chrome that does start (`startAny`), and says where it is. */
export function startChrome(options: LaunchOptions = {}): Promise<StartedBrowser> {
  const log = options.log ?? (() => {});
  return startAny(chrome, (path) => startAnyhow(path, options, log), log);
}

/** In most containers an ordinary user's Chrome has no sandbox to start. The pages that it opens here are this project's own. */
async function startAnyhow(
  path: string,
  options: LaunchOptions,
  log: (line: string) => void,
): Promise<Browser> {
  const { headless = true, slowsHidden = false } = options;
  const args = switches(options);
  const without = slowsHidden ? fullSpeed : [];
  try {
    return await startBrowser(path, chromeProcess({ headless, args, without }));
  } catch (error) {
    const isSandbox =
      error instanceof BrowserNotStarted && /no usable sandbox|SUID sandbox/i.test(error.message);
    if (!isSandbox || args.includes('--no-sandbox')) throw error;
    log(`${path} has no sandbox here: starting it without one (it opens nothing but wgrad's own page)`);
    return startBrowser(path, chromeProcess({ headless, args: ['--no-sandbox', ...args], without }));
  }
}
