import type { Browser } from 'puppeteer';
import type { ViteDevServer } from 'vite';
import { launchChrome } from '../src/hosts/chrome/launch.ts';
import { projectRoot } from '../src/hosts/project-root.ts';
import { UserError } from '../src/hosts/user-error.ts';
import { createViteServer } from '../src/hosts/vite-server.ts';
import type { SelfTest } from './page/self-test.ts';
import { peerServerOptions } from './peers/server-options.ts';
import type { ListedGroup, ListRequest, MeasureRequest, MeasureResult, Opened } from './protocol.ts';

/** What measures: the page of the harness in headless Chrome, or Node. */
export interface Session {
  readonly browser: string;
  readonly opened: Opened;
  list(request: ListRequest): Promise<readonly ListedGroup[]>;
  /** @throws Error with the page's message, or saying that the browser ended. */
  measure(request: MeasureRequest, onRound: (done: number, planned: number) => void): Promise<MeasureResult>;
  /** The harness on itself: see page/self-test.ts. */
  selfTest(groups: number): Promise<SelfTest>;
  /** Ends the measurement in progress after its current round. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

async function servePage(): Promise<{ server: ViteDevServer; url: string }> {
  const { isolationHeaders, ...bundling } = peerServerOptions;
  const server = await createViteServer({
    root: projectRoot,
    configFile: false,
    appType: 'mpa',
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null, headers: isolationHeaders },
    ...bundling,
    worker: { format: 'es' },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (address === null || address === undefined || typeof address === 'string') {
    throw new Error('Vite did not listen');
  }
  return { server, url: `http://127.0.0.1:${address.port}/bench/page/index.html` };
}

/**
 * Starts server, browser and page, and opens the device.
 * @throws UserError where there is no browser or no adapter
 */
export async function openChromeSession(log: (line: string) => void): Promise<Session> {
  const { server, url } = await servePage();
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.close();
  };
  try {
    browser = await launchChrome({ log });
    const page = await browser.newPage();
    const ended = new Promise<never>((_, reject) => {
      browser?.on('disconnected', () => reject(new Error('the browser ended')));
      page.on('pageerror', (error) => reject(new Error(`the page failed: ${String(error)}`)));
    });
    ended.catch(() => {}); // Whoever waits for the page gets it.
    let listener: (done: number, planned: number) => void = () => {};
    await page.exposeFunction('wgradBenchRound', (done: number, planned: number) => listener(done, planned));
    await page.goto(url);
    await Promise.race([page.waitForFunction(() => window.wgradBench !== undefined), ended]);
    const opened = await page
      .evaluate(() => window.wgradBench.open())
      .catch((error: unknown) => {
        throw new UserError(messageOf(error));
      });
    return {
      browser: await browser.version(),
      opened,
      list: (request) => page.evaluate((value) => window.wgradBench.list(value), request),
      measure(request, onRound) {
        listener = onRound;
        const measured = page.evaluate((value) => window.wgradBench.measure(value), request);
        return Promise.race([measured, ended]);
      },
      selfTest: (groups) => page.evaluate((count) => window.wgradBench.selfTest(count), groups),
      stop: () => page.evaluate(() => window.wgradBench.stop()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A page's error without the class and the stack that puppeteer puts around its message. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^\w*Error: /, '')
    .replace(/(\n\s*(at |async )?\S* ?\(?http:\/\/\S+)+\)?$/, '');
