import type { Browser, Page } from 'puppeteer';
import { defaultDataset } from '../src/data/datasets/index.ts';
import { launchChrome } from '../src/hosts/chrome/launch.ts';
import { startPageServer } from '../src/hosts/chrome/page-server.ts';

/** A browser, and where it finds the page. */
export interface ServedPage {
  readonly browser: Browser;
  readonly origin: string;
}

/** What `work` gives while the page is served to a browser of its own, which the signal closes. */
export async function withServedPage<T>(
  stop: AbortSignal,
  work: (served: ServedPage) => Promise<T>,
): Promise<T> {
  const log = (line: string) => console.error(line);
  const server = await startPageServer({ dataset: defaultDataset, page: 'index.html', log });
  try {
    const browser = await launchChrome({ log });
    stop.addEventListener('abort', () => void browser.close().catch(() => {}));
    try {
      return await work({ browser, origin: server.origin });
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

/** As it lies on a desk: wide enough for form and charts side by side. */
export const setDesktopView = (page: Page): Promise<void> => page.setViewport({ width: 1280, height: 900 });
