import {
  Browser as BrowserName,
  createProfile,
  WEBDRIVER_BIDI_WEBSOCKET_ENDPOINT_REGEX,
} from '@puppeteer/browsers';
import puppeteer, { type Browser } from 'puppeteer';
import { type BrowserProcess, startBrowser } from '../chrome/browser-process.ts';
import type { BrowserProgram } from '../chrome/browser-program.ts';
import { startAny } from '../chrome/start-any.ts';
import { installMesa, vulkanManifests } from '../node/mesa.ts';

export const firefox: BrowserProgram = {
  title: 'Firefox',
  variables: ['WGRAD_FIREFOX'],
  executables: ['firefox', 'firefox-esr'],
  darwin: ['Firefox.app/Contents/MacOS/firefox'],
  win32: [['Mozilla Firefox', 'firefox.exe']],
  puppeteerName: BrowserName.FIREFOX,
  debianPackage: 'firefox-esr',
  advice: 'install Firefox 141 or later, or name one with WGRAD_FIREFOX=/path/to/firefox',
};

/** Firefox's settings; each has its reason. */
const preferences = {
  // WebGPU where it is not on by default yet: Linux, in Firefox 153.
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  // Software adapters are on its blocklist.
  'gfx.webgpu.ignore-blocklist': true,
};

/** Firefox speaks WebDriver BiDi, over a WebSocket on the loopback interface. */
const firefoxProcess: BrowserProcess = {
  async args(profile) {
    await createProfile(BrowserName.FIREFOX, { path: profile, preferences });
    return [
      ...puppeteer.defaultArgs({ browser: 'firefox', headless: true, userDataDir: profile }),
      '--remote-debugging-port=0',
    ];
  },
  pipe: false,
  async connect(started) {
    const endpoint = await started.waitForLineOutput(WEBDRIVER_BIDI_WEBSOCKET_ENDPOINT_REGEX);
    return puppeteer.connect({
      browserWSEndpoint: `${endpoint}/session`,
      protocol: 'webDriverBiDi',
      protocolTimeout: 0,
    });
  },
};

/**
 * Starts headless Firefox (`startAny`). It brings no adapter of its own: on Linux it needs a Vulkan driver, and where there is none Debian,
 * as root, installs Mesa's.
 * @throws UserError where none starts
 */
export async function launchFirefox({
  log = () => {},
}: {
  readonly log?: (line: string) => void;
} = {}): Promise<Browser> {
  if (process.platform === 'linux' && vulkanManifests().length === 0) await installMesa(log);
  const { browser } = await startAny(firefox, (path) => startBrowser(path, firefoxProcess), log);
  return browser;
}
