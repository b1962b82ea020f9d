import type { Browser, ElementHandle } from 'puppeteer';
import type { FromWorker, PredictMessage, StartMessage } from '../../train/messages.ts';
import { type PhaseName, phaseClock } from '../../train/phases.ts';
import { failureOf, type Host, HostEnded, type HostedRun } from '../host.ts';
import { UserError } from '../user-error.ts';
import { launchChrome } from './launch.ts';
import { fromText, toText } from './message-text.ts';
import type { Envelope } from './page.ts';
import { pageEnd } from './page-end.ts';
import { type PageServer, type PageServerOptions, startPageServer } from './page-server.ts';
import { type BrowserSession, openSession } from './session.ts';

export type BrowserHostOptions = Pick<
  PageServerOptions,
  'dataset' | 'dataDir' | 'log' | 'port' | 'browserUrl'
>;

/** A browser that can be a host. */
export interface HostBrowser {
  /** As `--host` names it. */
  readonly name: string;
  launch(options: { readonly log: (line: string) => void }): Promise<Browser>;
}

/**
 * Headless Chrome as a host.
 * @throws DataError where no source has the data; UserError where the port cannot be had
 */
export const openChromeHost = (options: BrowserHostOptions): Promise<Host> =>
  openBrowserHost({ name: 'chrome', launch: launchChrome }, options);

/** A headless browser as a host: each run is a browser with a page of this process's server. */
export async function openBrowserHost(
  { name, launch }: HostBrowser,
  options: BrowserHostOptions,
): Promise<Host> {
  const { dataset, dataDir, log, port, browserUrl } = options;
  const server = await startPageServer({ dataset, dataDir, log, port, browserUrl });
  const open = () => openSession(browserUrl, () => launch({ log }));
  return {
    name,
    dataSource: server.dataSource,
    data: { baseUrl: `${server.origin}${server.dataUrl}` },
    elsewhere: browserUrl,
    start: (request, onMessage) =>
      startInPage(server, 'done', { type: 'start', dataUrl: server.dataUrl, request }, { onMessage, open }),
    async predict(request) {
      const message = { type: 'predict', dataUrl: server.dataUrl, request } as const;
      const work = await startInPage(server, 'predicted', message, { onMessage: () => {}, open });
      try {
        return (await work.finished).logits;
      } finally {
        await work.close();
      }
    },
    close: () => server.close(),
  };
}

/**
 * Opens the headless page, starts the worker, and hands on its messages in order, of which the one of type `last` ends the work.
 * `finished` rejects with a UserError where the worker says what is wrong, and with an Error where page or browser break.
 */
async function startInPage<Last extends 'done' | 'predicted'>(
  server: PageServer,
  last: Last,
  start: StartMessage | PredictMessage,
  {
    onMessage,
    open,
  }: {
    readonly onMessage: (message: FromWorker) => void | Promise<void>;
    readonly open: () => Promise<BrowserSession>;
  },
): Promise<Omit<HostedRun, 'finished'> & { readonly finished: Promise<Message<Last>> }> {
  const { transfers, browserUrl } = server;
  const tell = async (phase: PhaseName, fromMs: number) =>
    onMessage({ type: 'phase', phase, fromMs, toMs: phaseClock() });
  const askedMs = phaseClock();
  const { browser, page, close } = await open();
  let receive: (envelope: Envelope) => Promise<void>;
  const finished = new Promise<Message<Last>>((resolve, reject) => {
    pageEnd(browser, page).catch(reject);
    receive = async ({ text, parts }) => {
      try {
        const bytes = parts.map(({ id }) => transfers.take(id));
        const message = fromText(text, bytes) as FromWorker;
        await onMessage(message);
        if (message.type === last) resolve(message as Message<Last>);
        if (message.type === 'error') reject(failureOf(message.message, message.user));
      } catch (error) {
        reject(error);
      }
    };
  });
  finished.catch(() => {}); // Whoever awaits it gets it.
  const send = async (message: unknown) => {
    const { text, parts } = toText(message);
    const offered = parts.map((bytes) => ({ id: transfers.offer(bytes), sizeBytes: bytes.length }));
    const envelope: Envelope = { text, parts: offered };
    await page.evaluate((path, message) => window.wgradSend(path, message), transfers.path, envelope);
    for (const { id } of offered) transfers.withdraw(id);
  };
  try {
    await tell('browser', askedMs);
    const openedMs = phaseClock();
    await page.exposeFunction('wgradReceive', receive!);
    await page.goto(`${server.origin}/`).catch((error: Error) => {
      if (browserUrl === undefined || !browser.connected) throw error;
      throw new UserError(unreachable(server, browserUrl, error));
    });
    await page.waitForFunction(() => typeof window.wgradSend === 'function');
    // A browser of this computer reads the data from the disk: HTTP, with its copies and context switches, takes many times as long.
    if (browserUrl === undefined) {
      const input = await page.$('input#data');
      await (input as ElementHandle<HTMLInputElement>).uploadFile(...server.dataFiles);
    }
    await tell('page', openedMs);
    await send(start);
    return { runner: await browser.version(), finished, stop: () => send({ type: 'stop' }), close };
  } catch (error) {
    const isGone = !browser.connected;
    await close().catch(() => {});
    throw isGone ? new HostEnded('the browser ended before the run began') : error;
  }
}

/** The message of a type. */
type Message<Type> = Extract<FromWorker, { readonly type: Type }>;

/** A browser elsewhere reaches this computer through a tunnel only: the server is on the loopback interface. */
function unreachable({ origin }: PageServer, browserUrl: string, error: Error): string {
  const { port } = new URL(origin);
  const reason = error.message.split('\n', 1)[0];
  return (
    `the browser at ${browserUrl} does not reach ${origin} (${reason}): forward that port to it, ` +
    `such as by ssh -R ${port}:127.0.0.1:${port}, and name it with --page-port ${port}`
  );
}
