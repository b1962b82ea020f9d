import type { Browser, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type PageServer, startPageServer } from '../../src/hosts/chrome/page-server.ts';

let server: PageServer;
let browser: Browser;

beforeAll(async () => {
  const log = (line: string) => console.error(line);
  server = await startPageServer({ log });
  browser = await launchChrome({ log });
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page; `faults` collects what should not happen on it. */
async function open(prepare: (page: Page) => Promise<unknown> = async () => {}) {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // What a stopped run was still loading.
    if (reason !== 'net::ERR_ABORTED') faults.push(`${request.url()}: ${reason}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.url()}: ${response.status()}`);
  });
  await prepare(page);
  await page.goto(server.origin);
  return { page, faults };
}

const textOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (element) => element.textContent ?? '');

const isDisabled = (page: Page, id: string): Promise<boolean> =>
  page.$eval(`#${id}`, (element) => (element as HTMLButtonElement).disabled);

async function waitForState(page: Page, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) => new RegExp(source).test(document.getElementById('state')?.textContent ?? ''),
    { timeout: 60_000 },
    pattern.source,
  );
}

/** Loss by step, as the page shows it, until `steps` steps are done. */
async function lossesUntil(page: Page, steps: number): Promise<Map<number, number>> {
  const losses = new Map<number, number>();
  let done = 0;
  while (done < steps) {
    await page.waitForFunction(
      (before) => Number.parseInt(document.getElementById('step')?.textContent ?? '', 10) > before,
      { timeout: 60_000 },
      done,
    );
    const [step, loss] = await page.evaluate(() =>
      ['step', 'loss'].map((id) => Number.parseFloat(document.getElementById(id)!.textContent ?? '')),
    );
    losses.set(step!, loss!);
    done = step!;
  }
  return losses;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test('the button trains, the loss falls, the run stops cleanly and another can begin', async () => {
  const { page, faults } = await open();
  await waitForState(page, /^Ready/);
  expect(await isDisabled(page, 'stop')).toBe(true);
  await page.focus('#train');
  await page.keyboard.press('Enter');
  await waitForState(page, /^Training/);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('stop');

  const losses = [...(await lossesUntil(page, 80)).values()];
  expect(losses.length).toBeGreaterThanOrEqual(4);
  expect(mean(losses.slice(-2))).toBeLessThan(mean(losses.slice(0, 2)) - 0.1);
  expect(await textOf(page, 'training-accuracy')).toMatch(/^\d+\.\d %$/);
  expect(Number(await textOf(page, 'ms-per-step'))).toBeGreaterThan(0);

  expect(await textOf(page, 'kernels')).toBe('default');
  await page.click('#stop');
  await waitForState(page, /^Stopped at step \d+/);
  expect(await isDisabled(page, 'stop')).toBe(true);

  // Behind the run, kernels are measured; the next run uses what was, also after a reload.
  const detail = (pattern: RegExp) =>
    page.waitForFunction(
      (source) => new RegExp(source).test(document.getElementById('detail')?.textContent ?? ''),
      { timeout: 60_000 },
      pattern.source,
    );
  await detail(/^Measuring kernels for the next run: \d+ of \d+/);
  await detail(/^On the CPU/);
  await page.reload();
  await waitForState(page, /^Ready/);
  await page.click('#train');
  await waitForState(page, /^Training/);
  expect(await textOf(page, 'kernels')).toBe('measured');
  await page.click('#stop');
  await waitForState(page, /^Stopped/);

  await page.click('#train');
  await waitForState(page, /^(Starting|Loading)/);
  await page.click('#stop');
  await waitForState(page, /^Stopped/);
  expect(faults).toEqual([]);
  await page.close();
}, 120_000);

/** Ways of having no WebGPU, as scripts that run before the page's, and what the page must say. */
const withoutWebGpu: readonly { readonly name: string; readonly fault: () => void; readonly says: RegExp }[] =
  [
    {
      name: 'a browser without WebGPU',
      fault: () => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }),
      says: /no WebGPU[\s\S]*Chrome, Edge, Firefox or Safari/,
    },
    {
      name: 'no adapter',
      fault: () => Object.defineProperty(GPU.prototype, 'requestAdapter', { value: async () => null }),
      says: /no graphics adapter[\s\S]*driver/,
    },
    {
      name: 'an insecure address',
      fault: () => Object.defineProperty(window, 'isSecureContext', { value: false }),
      says: /secure address[\s\S]*npm start/,
    },
  ];

for (const { name, fault, says } of withoutWebGpu) {
  test(`${name}: the page says what to do, and the button cannot be pressed`, async () => {
    const { page, faults } = await open((page) => page.evaluateOnNewDocument(fault));
    await waitForState(page, /not possible/);
    expect(await textOf(page, 'problem')).toMatch(says);
    expect(await isDisabled(page, 'train')).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  });
}
