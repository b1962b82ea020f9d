// The page for those without a mouse, with few colours, or who listen to it; and links that somebody else has written.
import type { Browser, KeyInput, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type BreakablePage, startBreakablePage } from './breakable-page.ts';
import {
  act,
  axeFindings,
  keptRuns,
  listen,
  openTab,
  said,
  type Tab,
  textOf,
  waitForGpu,
  waitForRun,
  waitForStep,
  waitForText,
} from './page-driver.ts';

let served: BreakablePage;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  served = await startBreakablePage();
  browser = await launchChrome({ log: (line) => console.error(line) });
  tab = await openTab(
    browser,
    served.origin,
    '#/train?v=1&e=base&hidden=20&val-size=500&steps=100000&seeds=10',
    listen,
  );
  await waitForGpu(tab.page);
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** Moves the focus with a key until it is on an element that matches. Returns how many presses that took. */
async function moveTo(page: Page, selector: string, most: number, key: KeyInput = 'Tab'): Promise<number> {
  for (let presses = 1; presses <= most; presses++) {
    await page.keyboard.press(key);
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return presses;
  }
  throw new Error(`${most} times ${key} do not lead to ${selector}`);
}

test('with the keyboard alone: settings, training, pause, stop; the focus is never lost', async () => {
  const { page, faults } = tab;
  await waitForText(page, '#data-chip', /needed/);
  // Painted a tenth of a second behind the chip; a button that cannot be pressed is passed over.
  await page.waitForSelector('.settings [data-act=train]:not([disabled])');
  await moveTo(page, '#start', 20);
  await moveTo(page, '#field-seeds', 3);
  await page.keyboard.press('End');
  await page.keyboard.press('Backspace');
  await moveTo(page, '[data-act=train]', 20);
  await page.keyboard.press('Enter');
  await waitForRun(page, ['running']);
  await waitForStep(page, 20);
  // Where Train was stands what can be done now, painted by itself: a button that cannot be pressed is passed over.
  await page.waitForSelector('.settings [data-act=pause]:not([disabled])');
  await moveTo(page, '[data-act=pause]', 1);
  await page.keyboard.press('Space');
  expect(await waitForRun(page, ['paused'])).toBe('paused');
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Space');
  expect(await waitForRun(page, ['running'])).toBe('running');
  await moveTo(page, '[data-act=stop]', 1);
  await page.keyboard.press('Enter');
  expect(await waitForRun(page, ['stopped', 'failed'])).toBe('stopped');
  await page.waitForSelector('.settings [data-act=train]:not([disabled])');
  await moveTo(page, '[data-act=train]', 1);
  expect(faults).toEqual([]);
}, 120_000);

test('the status region says few things, however many seeds diverge', async () => {
  const { page } = tab;
  await page.evaluate(() => {
    (window as unknown as { said: unknown[] }).said.length = 0;
    location.hash = '#/train?v=1&e=base&hidden=20&val-size=500&steps=60&seeds=4&lr-max=1e9';
  });
  await waitForText(page, '#estimate', /60 steps/);
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  await waitForText(page, '#status', /Diverged/);
  const texts = (await said(page)).map(({ text }) => text);
  expect(texts.filter((text) => /not finite/.test(text))).toHaveLength(1);
  expect(texts.length, texts.join('; ')).toBeLessThanOrEqual(4);
  await waitForText(page, '#diverged', /seed/);
  expect(await textOf(page, '#diverged')).toMatch(/(seed \d+ at step \d+, ){3}seed \d+ at step \d+/);
}, 60_000);

test('a link cannot do harm: nothing starts, what cannot be used is listed as text', async () => {
  const { page } = tab;
  const before = (await keptRuns(page)).length;
  const hostile =
    '__proto__=1&constructor=2&lambda=1e999&hidden=<img src=x onerror=alert(1)>&seeds=99&steps=-1&e=toString&train=1&bn=none';
  await page.evaluate((query) => {
    location.hash = `#/train?${query}`;
  }, hostile);
  await waitForText(page, '.refused', /could not be used/);
  const lines = await page.$$eval('.refused li', (items) => items.map((item) => item.textContent!));
  expect(lines).toEqual([
    'the experiment “toString” is unknown',
    '“__proto__” is no setting',
    '“constructor” is no setting',
    expect.stringMatching(/^“lambda” must be a number/),
    expect.stringMatching(/^“hidden” must be widths/),
    'seeds 99: the page trains 10 at most',
    expect.stringMatching(/^“steps” must be a whole number/),
    '“train” is no setting',
  ]);
  expect(await page.$('.refused img')).toBeNull();
  expect(await axeFindings(page)).toEqual([]);
  expect(await page.$eval('#field-bn', (select) => (select as HTMLSelectElement).value)).toBe('none');
  expect(await page.$eval('#field-lambda', (input) => (input as HTMLInputElement).value)).toBe('0.005');
  expect(await page.$eval('#field-seeds', (input) => (input as HTMLInputElement).value)).toBe('10');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await page.evaluate(() => document.body.dataset.run)).toBe('finished');
  expect(await keptRuns(page)).toHaveLength(before);
  expect(tab.faults).toEqual([]);
}, 30_000);

test('on a phone: a value is typed through what is none, and the progress of what Train starts is below the run’s bar', async () => {
  const { page } = tab;
  await page.setViewport({ width: 390, height: 700 });
  await page.evaluate(() => {
    location.hash = '#/train?v=1&e=base&hidden=20&val-size=500&steps=60';
  });
  await waitForText(page, '#estimate', /60 steps/);
  const field = (await page.waitForSelector('#field-lambda'))!;
  await field.evaluate((input) => {
    input.closest('details')!.open = true;
    (input as HTMLInputElement).select();
  });
  await page.keyboard.press('Backspace');
  await page.keyboard.type('0.02', { delay: 150 });
  expect(
    await field.evaluate((input) => [(input as HTMLInputElement).value, document.activeElement === input]),
  ).toEqual(['0.02', true]);
  const train = (await page.waitForSelector('.settings [data-act=train]'))!;
  await train.evaluate((button) => button.scrollIntoView({ block: 'end' }));
  await train.click();
  await waitForText(page, '#sentence', /finished after/);
  const { bar, top, bottom, height } = await page.evaluate(() => ({
    bar: document.getElementById('run-bar')!.getBoundingClientRect().bottom,
    ...document.getElementById('sentence')!.getBoundingClientRect().toJSON(),
    height: innerHeight,
  }));
  expect(top).toBeGreaterThanOrEqual(bar);
  expect(bottom).toBeLessThan(height);
  await page.setViewport({ width: 1280, height: 900 });
  expect(tab.faults).toEqual([]);
}, 60_000);

test('a list shows what is trained, also where something else was chosen in it before', async () => {
  const { page } = tab;
  const shown = () => page.$eval('#field-optimizer', (select) => (select as HTMLSelectElement).value);
  await page.select('#start', 'base');
  await page.select('#field-optimizer', 'adam');
  await page.select('#field-optimizer', 'sgd');
  await page.select('#start', 'adam');
  await waitForText(page, '#start-help', /Adam/);
  expect(await shown()).toBe('adam');
  await page.select('#start', 'base');
  await waitForText(page, '#start-help', /SGD/);
  expect(await shown()).toBe('sgd');
}, 30_000);

/** Pixels of the accuracy chart that have the colour of the training line. */
const linePixels = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const one = document.createElement('canvas').getContext('2d')!;
    one.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--training').trim();
    one.fillRect(0, 0, 1, 1);
    const wanted = one.getImageData(0, 0, 1, 1).data;
    const canvas = document.querySelector<HTMLCanvasElement>('#chart-accuracy canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (
        [0, 1, 2].every((channel) => Math.abs(data[i + channel]! - wanted[channel]!) < 40) &&
        data[i + 3]! > 100
      )
        found++;
    }
    return found;
  });

test('with forced colours every view is legible: axe finds nothing serious, and a line of a chart keeps its colour', async () => {
  const { page } = tab;
  const client = await page.createCDPSession();
  await client.send('Emulation.setEmulatedMedia', {
    features: [{ name: 'forced-colors', value: 'active' }],
  });
  expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true);
  for (const view of ['train', 'runs', 'kernels', 'gpu']) {
    await page.click(`nav a[href="#/${view}"]`);
    await page.waitForFunction(
      (id) => document.getElementById(id)!.textContent!.trim() !== '',
      {},
      `view-${view}`,
    );
    expect(await axeFindings(page), view).toEqual([]);
  }
  await page.click('nav a[href="#/train"]');
  expect(await linePixels(page)).toBeGreaterThan(100);
  await client.send('Emulation.setEmulatedMedia', { features: [] });
}, 60_000);
