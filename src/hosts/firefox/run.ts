import { type BrowserHostOptions, openBrowserHost } from '../chrome/run.ts';
import type { Host } from '../host.ts';
import { launchFirefox } from './launch.ts';

/**
 * Headless Firefox as a host: the page and the server are those of Chrome.
 * @throws DataError where no source has the data; UserError where the port cannot be had
 */
export const openFirefoxHost = (options: BrowserHostOptions): Promise<Host> =>
  openBrowserHost({ name: 'firefox', launch: launchFirefox }, options);
