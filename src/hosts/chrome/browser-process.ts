import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { launch, type Process } from '@puppeteer/browsers';
import type { Browser } from 'puppeteer';
import { makeProfileFolder } from './profile-folder.ts';

/** A browser that does not start; `message` is its own last words, where it had any. */
export class BrowserNotStarted extends Error {
  override readonly name = 'BrowserNotStarted';
}

/** Time that a browser has, ms. */
export interface Patience {
  /** For its first answer. */
  readonly answerMs?: number;
  /** To end when it was asked to. */
  readonly endMs?: number;
}

/** How a program becomes a browser that is connected to. */
export interface BrowserProcess {
  /** Its command line. `profile`: an empty folder of its own. */
  readonly args: (profile: string) => readonly string[] | Promise<readonly string[]>;
  /** It listens to file descriptors 3 and 4. */
  readonly pipe: boolean;
  readonly connect: (started: Process) => Promise<Browser>;
}

/**
 * Starts a browser and connects to it. It ends with this process, and its profile folder with it. (`puppeteer.launch` hides what a
 * browser says that ends at once, waits without limit for one that says nothing, and dies of one that cannot be started.)
 * @throws BrowserNotStarted
 */
export async function startBrowser(
  executablePath: string,
  { args, pipe, connect }: BrowserProcess,
  { answerMs = 60_000, endMs = 5000 }: Patience = {},
): Promise<Browser> {
  const folder = makeProfileFolder();
  let started: Process | undefined;
  try {
    started = launch({
      executablePath,
      args: [...(await args(folder.profile))],
      env: { ...process.env, TMPDIR: folder.temporary },
      pipe,
      signal: folder.signal,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const browser = await connected(started, connect, answerMs);
    closeWith(browser, started, endMs, () => folder.remove());
    return browser;
  } catch (error) {
    const words = lastWords(started?.getRecentLogs() ?? []);
    started?.kill();
    folder.remove();
    throw new BrowserNotStarted(words ?? (error as Error).message.split('\n')[0]);
  }
}

async function connected(
  started: Process,
  connect: BrowserProcess['connect'],
  timeoutMs: number,
): Promise<Browser> {
  const { nodeProcess } = started;
  await once(nodeProcess, 'spawn');
  const ended = once(nodeProcess, 'exit');
  const browser = connect(started);
  browser.catch(() => {}); // Where it is not waited for any more.
  const patience = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`it did not answer within ${timeoutMs / 1000} s`);
  });
  timeout.catch(() => {});
  const early = ended.then(([status, signal]) => {
    throw new Error(signal === null ? `it ended with exit status ${status}` : `${signal} ended it`);
  });
  early.catch(() => {});
  try {
    return await Promise.race([browser, early, timeout]);
  } catch (error) {
    // The pipes close a little before the process has ended, and before all that it says has arrived.
    const end = await Promise.race([early, timeout, delay(1000)]).catch((reason: Error) => reason);
    await delay(50);
    throw end ?? error;
  } finally {
    patience.abort();
  }
}

/** Lets `close` wait until the process has ended and its folder is gone; one that is not heard or does not end in time is killed. */
function closeWith(browser: Browser, started: Process, endMs: number, remove: () => void): void {
  const ended = started.hasClosed().then(remove, remove);
  const close = browser.close.bind(browser);
  browser.close = async () => {
    const asked = close().catch(() => {});
    const patience = new AbortController();
    const { signal } = patience;
    await Promise.race([Promise.all([asked, ended]), delay(endMs, undefined, { signal }).catch(() => {})]);
    patience.abort();
    started.kill();
    await ended;
  };
}

/** What Chrome prints behind the reason of its end: the stack and the registers. */
const noise =
  /^#\d+ |^ *(r\d+|[re]?[abcd]x|[re]?[ds]i|[re]?[bs]p|[re]?ip|efl|cgf|erf|trp|msk|cr2):|^\[end of stack trace\]|^Received signal|^Trace\/breakpoint trap|^Calling _exit|dbus/;

/** The line of what a browser printed that says why it ended. */
export function lastWords(lines: readonly string[]): string | undefined {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '' && !noise.test(line));
  const line = said.findLast((text) => /:FATAL:/.test(text)) ?? said.at(-1);
  // `[1234:1234:1125/231947.485594:FATAL:content/zygote_host_impl_linux.cc:128] No usable sandbox! ...`
  return line?.replace(/^\[[^\]]*:(FATAL|ERROR):[^\]]*\] */, '').slice(0, 300);
}
