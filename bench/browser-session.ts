import type { Browser } from 'puppeteer';
import { pageEnd } from '../src/hosts/chrome/page-end.ts';
import { serveBuiltPage } from '../src/hosts/chrome/page-server.ts';
import { UserError } from '../src/hosts/user-error.ts';
import { messageOf, type Session } from './session.ts';

/**
 * Starts server, browser and page, and opens the device.
 * @throws UserError where there is no browser or no adapter
 */
export async function openBrowserSession(
  launch: (options: { readonly log: (line: string) => void }) => Promise<Browser>,
  log: (line: string) => void,
): Promise<Session> {
  const server = await serveBuiltPage('bench/page/index.html', { isolated: true, wasm: true });
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.close();
  };
  try {
    browser = await launch({ log });
    const page = await browser.newPage();
    const ended = pageEnd(browser, page);
    const answered = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, ended]);
    let listener: (done: number, planned: number) => void = () => {};
    await page.exposeFunction('wgradBenchRound', (done: number, planned: number) => listener(done, planned));
    await page.goto(`${server.origin}/`);
    await answered(page.waitForFunction(() => window.wgradBench !== undefined));
    const refuse = (error: unknown) => {
      throw new UserError(messageOf(error));
    };
    const opened = await answered(page.evaluate(() => window.wgradBench.open())).catch(refuse);
    return {
      browser: await browser.version(),
      opened,
      list: (request) =>
        answered(page.evaluate((value) => window.wgradBench.list(value), request)).catch(refuse),
      measure(request, onRound) {
        listener = onRound;
        return answered(page.evaluate((value) => window.wgradBench.measure(value), request));
      },
      selfTest: (groups) => answered(page.evaluate((count) => window.wgradBench.selfTest(count), groups)),
      stop: () => page.evaluate(() => window.wgradBench.stop()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
