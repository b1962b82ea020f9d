import type { Browser, Page } from 'puppeteer';
import { HostEnded } from '../host.ts';

/**
 * Rejects when a page answers no more: with a HostEnded where its browser ended or it crashed, else with what its own code failed of. Answers are
 * waited for without limit, and a call into a page that crashed never ends: whoever waits for one waits for this, too.
 */
export function pageEnd(browser: Browser, page: Page): Promise<never> {
  const end = new Promise<never>((_, reject) => {
    browser.on('disconnected', () => reject(new HostEnded('the browser ended')));
    page.on('error', () => reject(new HostEnded('the page crashed (out of memory?)')));
    page.on('pageerror', (error) => reject(new Error(`the page failed: ${String(error)}`)));
  });
  end.catch(() => {}); // Whoever waits for it gets it.
  return end;
}
