/** A page in a browser elsewhere, which the test makes up. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSession } from '../../../../src/hosts/chrome/session.ts';

const connected = vi.hoisted(() => ({ browser: {} }));
vi.mock('puppeteer', () => ({ default: { connect: async () => connected.browser } }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A browser that answers until it hangs; what is asked then fails when the connection ends. */
function fakeBrowser() {
  let hangs = false;
  const ends: (() => void)[] = [];
  const answer = <T>(value: T): Promise<T> =>
    hangs
      ? new Promise((_, reject) => ends.push(() => reject(new Error('Target closed'))))
      : Promise.resolve(value);
  const browser = {
    connected: true,
    target: () => ({ createCDPSession: async () => ({ send: () => answer({ browserContextId: '1' }) }) }),
    waitForTarget: async () => ({ page: async () => ({}) }),
    version: () => answer('Chrome/1'),
    async disconnect() {
      browser.connected = false;
      for (const end of ends) end();
    },
    hang() {
      hangs = true;
    },
  };
  return browser;
}

test('one that no longer answers is let go of when its page is closed', async () => {
  const browser = fakeBrowser();
  connected.browser = browser;
  const session = await openSession('ws://elsewhere/devtools', () =>
    Promise.reject(new Error('it is there')),
  );
  browser.hang();
  let isClosed = false;
  void session.close().then(() => {
    isClosed = true;
  });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(browser.connected).toBe(false);
  expect(isClosed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
