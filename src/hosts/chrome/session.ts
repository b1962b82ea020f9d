import type { Browser, CDPSession, Page } from 'puppeteer';
import puppeteer from 'puppeteer';
import { HostEnded } from '../host.ts';
import { UserError } from '../user-error.ts';

/** A page of ours in a browser, which is this process's own or runs elsewhere. */
export interface BrowserSession {
  readonly browser: Browser;
  readonly page: Page;
  /** Ends the page, and the browser where it is ours. */
  close(): Promise<void>;
}

/** How often a browser elsewhere is asked whether it is there, and how long it may take to say so. */
const askEveryMs = 15_000;
const answerWithinMs = 60_000;

/**
 * Starts a browser, or opens a page in the Chrome that runs at `url`: `ws://host:port/devtools/...`, or the `http://host:port` of its
 * `--remote-debugging-port`.
 * @throws UserError where there is no browser
 */
export function openSession(
  url: string | undefined,
  launch: () => Promise<Browser>,
): Promise<BrowserSession> {
  return url === undefined ? startSession(launch) : connectSession(url);
}

async function startSession(launch: () => Promise<Browser>): Promise<BrowserSession> {
  const browser = await launch();
  try {
    const [page = await browser.newPage()] = await browser.pages();
    return { browser, page, close: () => browser.close() };
  } catch (error) {
    const isGone = !browser.connected;
    await browser.close().catch(() => {});
    throw isGone ? new HostEnded('the browser ended before the run began') : error;
  }
}

async function connectSession(url: string): Promise<BrowserSession> {
  const browser = await connect(url);
  try {
    // A profile of its own, which ends with the connection: no page of ours goes on in a browser that lost us.
    const root = await browser.target().createCDPSession();
    const { browserContextId } = await root.send('Target.createBrowserContext', { disposeOnDetach: true });
    const page = await newPage(browser, root, browserContextId);
    const watch = watchConnection(browser);
    return {
      browser,
      page,
      async close() {
        // Watched until then: of a browser that does not answer the watch lets go, which ends the waiting.
        if (browser.connected) {
          await root.send('Target.disposeBrowserContext', { browserContextId }).catch(() => {});
          await browser.disconnect();
        }
        clearInterval(watch);
      },
    };
  } catch (error) {
    await browser.disconnect();
    throw new UserError(`the browser at ${url} opens no page: ${reasonOf(error)}`);
  }
}

async function connect(url: string): Promise<Browser> {
  const isSocket = /^wss?:/.test(url);
  try {
    return await puppeteer.connect({
      ...(isSocket ? { browserWSEndpoint: url } : { browserURL: url }),
      protocolTimeout: 0,
      defaultViewport: null,
    });
  } catch (error) {
    throw new UserError(`no browser answers at ${url}: ${reasonOf(error)}`);
  }
}

let pages = 0;

async function newPage(browser: Browser, root: CDPSession, browserContextId: string): Promise<Page> {
  // By its address: several processes may open pages in one browser at the same time.
  const address = `about:blank#wgrad-${process.pid}-${Date.now()}-${pages++}`;
  const found = browser.waitForTarget((target) => target.url() === address, { timeout: answerWithinMs });
  await root.send('Target.createTarget', { url: address, browserContextId });
  const page = await (await found).page();
  if (page === null) throw new Error('its page is none');
  return page;
}

/** A network may lose a connection without a word: a browser that does not answer is gone. */
function watchConnection(browser: Browser): NodeJS.Timeout {
  const watch = setInterval(() => {
    const late = setTimeout(() => void browser.disconnect(), answerWithinMs);
    late.unref();
    browser
      .version()
      .catch(() => {})
      .finally(() => clearTimeout(late));
  }, askEveryMs);
  watch.unref();
  return watch;
}

function reasonOf(error: unknown): string {
  const { message, error: inner } = error as { message?: string; error?: Error };
  return (message || inner?.message || String(error)).split('\n', 1)[0]!;
}
