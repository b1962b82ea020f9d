import type { Browser, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type PageServer, startPageServer } from '../../src/hosts/chrome/page-server.ts';
import {
  keptRuns,
  openTab,
  stepsDone,
  type Tab,
  textOf,
  waitForGpu,
  waitForRun,
  waitForStep,
  waitForText,
} from './page-driver.ts';

let server: PageServer;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  const log = (line: string) => console.error(line);
  server = await startPageServer({ page: 'index.html', log });
  browser = await launchChrome({ log });
  // A small net on 49,000 images, scored on few: the tests below share this tab, and its data.
  tab = await openTab(
    browser,
    server.origin,
    '#/train?v=1&e=base&hidden=20&val-size=500&steps=400&lambda=0.001',
  );
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const act = (page: Page, name: string) => page.click(`.settings [data-act=${name}]`);

test('a visitor with a link sees its settings, consents to the data, trains, and the numbers are those that are kept', async () => {
  const { page, faults } = tab;
  await waitForGpu(page);
  expect(await textOf(page, '#data-chip')).toMatch(/needed/);
  expect(await textOf(page, '.notices')).toMatch(/184 MB, from 127\.0\.0\.1/);
  expect(await page.$eval('#field-lambda', (input) => (input as HTMLInputElement).value)).toBe('0.001');
  // Nothing starts by itself.
  expect(await page.evaluate(() => document.body.dataset.run)).toBe('none');
  expect(await textOf(page, '[data-act=train]')).toBe('Download 184 MB and train');

  await act(page, 'train');
  await waitForText(page, '#data-chip', /\d+ %/);
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  await waitForText(page, '#data-chip', /on this device/);
  const [run] = await keptRuns(page);
  expect(run).toMatchObject({ state: 'finished', step: 400, name: 'base' });
  const { testAccuracy, validationAccuracy } = run!.perSeed[0]!;
  expect(testAccuracy).toBeGreaterThan(0.2);
  expect(await textOf(page, '#test-accuracy')).toBe(`${(100 * testAccuracy!).toFixed(1)} %`);
  expect(await textOf(page, '#validation-accuracy')).toBe(`${(100 * validationAccuracy!).toFixed(1)} %`);
  expect(await page.title()).toBe('Train – wgrad');
  expect(faults).toEqual([]);
}, 180_000);

test('pause, go on and stop do what they say, however often they are pressed; the run trained before is not disturbed by it', async () => {
  const { page, faults } = tab;
  await act(page, 'train');
  await waitForStep(page, 20);
  // An odd number of clicks: the last one pauses.
  await page.$eval('.settings [data-act=pause]', async (button) => {
    for (let i = 0; i < 51; i++) {
      (button as HTMLButtonElement).click();
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  expect(await page.evaluate(() => document.body.dataset.run)).toBe('paused');
  await new Promise((resolve) => setTimeout(resolve, 1500)); // What was submitted is still done.
  const paused = await stepsDone(page);
  expect(paused).toBeLessThan(400);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await stepsDone(page)).toBe(paused);
  expect(await textOf(page, '#run-state')).toBe('paused');
  await act(page, 'pause');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  const [paused2, before] = await keptRuns(page);
  expect(paused2!.weightHashes).toEqual(before!.weightHashes);
  expect(paused2!.perSeed).toEqual(before!.perSeed);

  await act(page, 'train');
  await waitForStep(page, 10);
  await act(page, 'stop');
  expect(await waitForRun(page, ['stopped', 'failed'])).toBe('stopped');
  const [stopped] = await keptRuns(page);
  expect(stopped).toMatchObject({ state: 'stopped', step: await stepsDone(page) });
  expect(faults).toEqual([]);
}, 180_000);

/** A worker that answers every call with the same error, or with nothing. */
const fakeWorker = (error: { kind: string; message: string } | undefined) => {
  window.Worker = class extends EventTarget {
    postMessage({ id }: { id: number }) {
      if (error === undefined) return;
      setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data: { id, error } })));
    }
    terminate() {}
  } as unknown as typeof Worker;
};

test('a GPU that does not answer: no verdict before the time is over, then one of its own', async () => {
  const { page } = await openTab(browser, server.origin, '', (page) =>
    page.evaluateOnNewDocument(fakeWorker, undefined),
  );
  await waitForText(page, '#gpu-chip', /looking for a GPU/);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await textOf(page, '#gpu-chip')).toBe('GPU looking for a GPU');
  expect(await textOf(page, '#gpu-notice')).toBe('');
  await waitForText(page, '#gpu-notice', /does not answer/, 10_000);
  await page.close();
});

test('no adapter: the page says what to do', async () => {
  const error = { kind: 'no-adapter', message: 'WebGPU finds no adapter' };
  const { page } = await openTab(browser, server.origin, '', (page) =>
    page.evaluateOnNewDocument(fakeWorker, error),
  );
  await waitForText(page, '#gpu-notice', /no graphics adapter[\s\S]*driver/);
  await page.close();
});

/** Ways of having no WebGPU, as scripts that run before the page's, and what the page must say. */
const withoutWebGpu: readonly { readonly name: string; readonly fault: () => void; readonly says: RegExp }[] =
  [
    {
      name: 'a browser without WebGPU',
      fault: () => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }),
      says: /no WebGPU/,
    },
    {
      name: 'an insecure address',
      fault: () => Object.defineProperty(window, 'isSecureContext', { value: false }),
      says: /secure address[\s\S]*npm start/,
    },
    {
      name: 'a worker that does not load',
      fault: () => {
        const { Worker: Real } = window;
        window.Worker = class extends Real {
          constructor() {
            super('/no-such-worker.js', { type: 'module' });
          }
        };
      },
      says: /engine did not start/,
    },
  ];

test.each(withoutWebGpu)(
  '$name: the page says what to do, and Train cannot be pressed',
  async ({ fault, says }) => {
    const { page } = await openTab(browser, server.origin, '', (page) => page.evaluateOnNewDocument(fault));
    await waitForText(page, '#gpu-chip', /no GPU/);
    expect(await textOf(page, '#gpu-notice')).toMatch(says);
    expect(await page.$eval('[data-act=train]', (button) => (button as HTMLButtonElement).disabled)).toBe(
      true,
    );
    await page.close();
  },
);
