import type { Browser, Page } from 'puppeteer';
import type { FromWorker, StartMessage } from '../../train/messages.ts';
import { UserError } from '../user-error.ts';
import { launchChrome } from './launch.ts';
import { packBytes, unpackBytes } from './packed-bytes.ts';
import type { PageServer } from './page-server.ts';

/** Characters that a page takes at once: Chrome closes the connection at messages of 100 MB, and a checkpoint may be larger. */
const pieceLength = 2 ** 24;

/** The browser is gone: it crashed, or was ended. */
export class BrowserEnded extends Error {
  override readonly name = 'BrowserEnded';
}

/** Training in headless Chrome. */
export interface HeadlessRun {
  /** `Chrome/156.0...` */
  readonly browser: string;
  /** Resolves with the worker's last message, `done`. */
  readonly finished: Promise<Extract<FromWorker, { type: 'done' }>>;
  /** Asks the worker to stop after the steps already submitted; `finished` then resolves. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the headless page, starts the worker, and hands on its messages in order.
 * `finished` rejects with a UserError where the worker says what is wrong, and with an Error where page or browser break.
 */
export async function startHeadlessRun(
  server: PageServer,
  start: StartMessage,
  onMessage: (message: FromWorker) => void | Promise<void>,
  log: (line: string) => void,
): Promise<HeadlessRun> {
  const browser: Browser = await launchChrome({ log });
  const page: Page = await browser.newPage();
  const finished = new Promise<Extract<FromWorker, { type: 'done' }>>((resolve, reject) => {
    browser.on('disconnected', () => reject(new BrowserEnded('the browser ended before the run did')));
    page.on('pageerror', (error) => reject(new Error(`the page failed: ${String(error)}`)));
    void page.exposeFunction('wgradReceive', async (json: string) => {
      const message = unpackBytes(json) as FromWorker;
      try {
        await onMessage(message);
      } catch (error) {
        reject(error);
      }
      if (message.type === 'done') resolve(message);
      if (message.type === 'error')
        reject(message.user ? new UserError(message.message) : new Error(message.message));
    });
  });
  finished.catch(() => {}); // Whoever awaits it gets it.
  const send = async (message: unknown) => {
    const json = packBytes(message);
    for (let start = 0; start < json.length; start += pieceLength) {
      const end = start + pieceLength;
      const piece = json.slice(start, end);
      await page.evaluate((text, isLast) => window.wgradSend(text, isLast), piece, end >= json.length);
    }
  };
  await page.goto(`${server.origin}/src/hosts/chrome/headless.html`);
  await page.waitForFunction(() => typeof window.wgradSend === 'function');
  await send(start);
  return {
    browser: await browser.version(),
    finished,
    stop: () => send({ type: 'stop' }),
    close: () => browser.close(),
  };
}
