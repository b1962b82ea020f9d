import { EventEmitter } from 'node:events';
import type { Browser, Page } from 'puppeteer';

/** A browser with one page, which opens; `evaluate` is what a call into it gives. */
export function fakeBrowser(evaluate: () => Promise<unknown>): { browser: Browser; page: Page } {
  const page = Object.assign(new EventEmitter(), {
    setViewport: async () => {},
    goto: async () => {},
    evaluateOnNewDocument: async () => {},
    reload: async () => {},
    $$: async () => [],
    waitForSelector: async () => {},
    waitForFunction: async () => {},
    evaluate,
  });
  const context = { newPage: async () => page, close: async () => {} };
  const browser = Object.assign(new EventEmitter(), {
    newPage: async () => page,
    createBrowserContext: async () => context,
    close: async () => {},
  });
  return { browser: browser as unknown as Browser, page: page as unknown as Page };
}
