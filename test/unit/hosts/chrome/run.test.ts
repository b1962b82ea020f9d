/** A run in a browser that fails at its start: a browser and a page that the test makes up. */
import { EventEmitter } from 'node:events';
import type { Browser } from 'puppeteer';
import { beforeEach, expect, test, vi } from 'vitest';
import { cifar10 } from '../../../../src/data/datasets/cifar10.ts';
import { openBrowserHost } from '../../../../src/hosts/chrome/run.ts';
import { HostEnded } from '../../../../src/hosts/host.ts';
import type { FromWorker, RunRequest } from '../../../../src/train/messages.ts';

vi.mock('../../../../src/hosts/chrome/page-server.ts', () => ({
  startPageServer: async () => ({ origin: 'http://127.0.0.1:1', dataFiles: [], close: async () => {} }),
}));

let closed = 0;
beforeEach(() => {
  closed = 0;
});

/** Where the browser is lost, or undefined: the page then opens, and does not load. */
function fakeBrowser(lostAt?: 'pages' | 'exposeFunction' | 'goto'): Browser {
  const lose = (at: string) => async () => {
    if (at !== lostAt) return;
    Object.assign(browser, { connected: false });
    browser.emit('disconnected');
    throw new Error('Protocol error: Target closed');
  };
  const page = Object.assign(new EventEmitter(), {
    exposeFunction: lose('exposeFunction'),
    goto: lose('goto'),
    waitForFunction: () => Promise.reject(new Error('it does not load')),
  });
  const pages = lose('pages');
  const browser = Object.assign(new EventEmitter(), {
    connected: true,
    pages: async () => {
      await pages();
      return [page];
    },
    close: async () => {
      closed++;
    },
  });
  return browser as unknown as Browser;
}

async function start(browser: Browser, onMessage: (message: FromWorker) => void | Promise<void> = () => {}) {
  const launched = { name: 'chrome', launch: async () => browser };
  const host = await openBrowserHost(launched, { dataset: cifar10, log: () => {} });
  return host.start({} as RunRequest, onMessage);
}

test.each(['pages', 'exposeFunction', 'goto'] as const)(
  'a browser that is lost in %s is a host that ended, which is tried again',
  async (lostAt) => {
    await expect(start(fakeBrowser(lostAt))).rejects.toThrow(
      new HostEnded('the browser ended before the run began'),
    );
    expect(closed).toBe(1);
  },
);

test.each([
  [
    'throws',
    () => {
      throw new Error('another has the folder');
    },
  ],
  ['rejects', () => Promise.reject(new Error('another has the folder'))],
] as const)('where what is told of a phase %s, the browser is closed', async (_, onMessage) => {
  await expect(start(fakeBrowser(), onMessage)).rejects.toThrow('another has the folder');
  expect(closed).toBe(1);
});

test('the phases of a start are told as they end', async () => {
  const told: FromWorker[] = [];
  await expect(start(fakeBrowser(), (message) => void told.push(message))).rejects.toThrow(
    'it does not load',
  );
  expect(told).toEqual([expect.objectContaining({ type: 'phase', phase: 'browser' })]);
});
