import { defineBrowserProvider } from '@vitest/browser';
import type { Browser, CDPSession, Page } from 'puppeteer';
import { launchChrome } from '../src/hosts/chrome/launch.ts';

// A signal ends Vitest without an `exit` event, at which Chrome and its folder go.
for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGTERM: 15 })) {
  process.once(signal, () => process.exit(128 + number));
}

/**
 * Runs Vitest's browser tests in the Chrome that the command line uses: one browser for the whole run.
 * The sandbox, WebGPU and software-adapter switches are those of src/hosts/chrome/launch.ts.
 */
export const chromeProvider = defineBrowserProvider({
  name: 'puppeteer',
  supportedBrowser: ['chrome'],
  providerFactory: () => {
    const pages = new Map<string, Page>();
    let browser: Promise<Browser> | undefined;
    const page = (sessionId: string): Page => {
      const found = pages.get(sessionId);
      if (found === undefined) throw new Error(`no page for the session ${sessionId}`);
      return found;
    };
    return {
      name: 'puppeteer',
      supportsParallelism: false,
      getCommandsContext: (sessionId) => ({ page: page(sessionId) }),
      async openPage(sessionId, url) {
        browser ??= launchChrome({
          log: (line) => console.error(line),
          // Workgroup memory holds what was there before: no kernel may count on zeros, and clearing it is unrolled by SwiftShader's
          // compiler, 1.1 of 1.3 s for a block of a matrix product.
          args: ['--enable-dawn-features=disable_workgroup_init'],
        });
        const opened = await (await browser).newPage();
        pages.set(sessionId, opened);
        await opened.goto(url, { timeout: 0 });
      },
      async getCDPSession(sessionId) {
        const session: CDPSession = await page(sessionId).createCDPSession();
        return {
          send: (method: string, params: unknown) =>
            session.send(method as 'Page.enable', params as undefined),
          on: (event: string, listener: (...args: unknown[]) => void) => session.on(event, listener),
          off: (event: string, listener: (...args: unknown[]) => void) => session.off(event, listener),
          once: (event: string, listener: (...args: unknown[]) => void) => session.once(event, listener),
        } as never;
      },
      async close() {
        await (await browser)?.close();
      },
    };
  },
});
