// The Kernels view in a real browser: what it must not rank.
import type { Browser, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareShader } from '../../src/gpu/bare-shader.ts';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type BreakablePage, startBreakablePage } from './breakable-page.ts';
import { openTab, type Tab, textOf, waitForGpu, waitForText } from './page-driver.ts';

const group = 'matmul-forward M=16 N=16 K=16';
/** As it stands in a bare text. */
const store = bareShader('y[group.z * Y_STRIDE + (split * M + row) * N + column] = sum;');

let served: BreakablePage;
let browser: Browser;
let tab: Tab;

/** Makes matmul-forward/naive wrong by a thousandth. */
function breakNaive(text: string): string {
  const at = text.indexOf(store);
  if (at < 0 || at !== text.lastIndexOf(store)) throw new Error('the shader is another one');
  return `${text.slice(0, at)}${store.replace('sum;', 'sum * 1.001;')}${text.slice(at + store.length)}`;
}

beforeAll(async () => {
  served = await startBreakablePage({ edit: breakNaive });
  browser = await launchChrome({ log: (line) => console.error(line) });
  tab = await openTab(browser, served.origin, '#/kernels');
  const { page } = tab;
  await waitForGpu(page);
  await page.waitForSelector('#lab-group option');
  await page.$eval('#lab-product', (input) => {
    (input as HTMLInputElement).value = '16, 16, 16';
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
  await page.keyboard.press('Enter');
  await page.$eval('#lab-product', (input) => (input as HTMLInputElement).form!.requestSubmit());
  await page.waitForSelector(`#lab-group option[value^="${group}"]`);
  const id = await page.$eval(`#lab-group option[value^="${group}"]`, (option) =>
    option.getAttribute('value'),
  );
  await page.select('#lab-group', id!);
  await page.waitForSelector('.variants input');
  // Three are enough, and compile sooner.
  await page.$$eval('.variants label', (labels) => {
    const others = labels.filter((label) => !/naive|default/.test(label.textContent!));
    for (const label of others.slice(1)) label.querySelector('input')!.click();
  });
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

interface LabRow {
  readonly name: string;
  readonly right: string;
  readonly median: string;
  readonly letters: string;
  readonly isUsable: boolean;
}

/** Measures the chosen group. */
async function measure(page: Page): Promise<LabRow[]> {
  await page.$eval('[data-act=lab-run]', (button) => (button as HTMLElement).click());
  await page.waitForSelector('[data-act=lab-stop]');
  await page.waitForSelector('[data-act=lab-run]', { timeout: 120_000 });
  return page.$$eval('#lab-result tbody tr', (rows) =>
    rows.map((row) => {
      const texts = [...row.querySelectorAll('td')].map((cell) => cell.textContent!.trim());
      return {
        name: row.getAttribute('data-variant')!,
        right: texts[0]!,
        median: texts[1]!,
        letters: texts[6]!,
        isUsable: row.querySelector('[data-act=lab-use]') !== null,
      };
    }),
  );
}

test('a measurement that is stopped shows and keeps nothing, and the next one can begin', async () => {
  const { page, faults } = tab;
  await page.$eval('[data-act=lab-run]', (button) => (button as HTMLElement).click());
  await waitForText(page, '#lab-progress', /matmul-forward.*round [1-9]/);
  await page.$eval('[data-act=lab-stop]', (button) => (button as HTMLElement).click());
  await page.waitForSelector('[data-act=lab-run]:not([disabled])');
  expect(await page.$('#lab-result')).toBeNull();
  expect(await page.$('.lab .alarm')).toBeNull();
  expect(faults).toEqual([]);
}, 120_000);

test('a kernel that is wrong is last, is not timed, has no rank, and cannot be used', async () => {
  const rows = await measure(tab.page);
  expect(rows.length).toBeGreaterThan(2);
  const wrong = rows.filter(({ right }) => right !== 'yes');
  expect(wrong).toEqual([{ name: 'naive', right: 'wrong', median: '–', letters: '', isUsable: false }]);
  expect(rows.at(-1)).toEqual(wrong[0]);
  for (const { median } of rows.slice(0, -1)) expect(median).toMatch(/ [µm]?s$/);
  // Compiled without comments, shown with them.
  await tab.page.$eval(`[data-variant="${rows[0]!.name}"] button`, (button) =>
    (button as HTMLElement).click(),
  );
  await waitForText(tab.page, 'pre.wgsl', /\/\/ matmul-forward\/\w+: /);
  expect(tab.faults).toEqual([]);
}, 240_000);

test.each(['all the time', 'for moments'])(
  'what was measured while the tab was hidden %s is not ranked, and not kept',
  async (when) => {
    const { page } = tab;
    // Said by the document alone: measuring takes no longer than another tab takes to come to the front.
    const timer = await page.evaluate((always) => {
      const hide = (hidden: boolean) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      };
      hide(always);
      return window.setInterval(() => {
        hide(true);
        hide(always);
      }, 5);
    }, when === 'all the time');
    const rows = await measure(page);
    await page.evaluate((id) => {
      window.clearInterval(id);
      Reflect.deleteProperty(document, 'hidden');
    }, timer);
    expect(await textOf(page, '#unranked')).toBe('not ranked: the tab was hidden while it was measured');
    expect(rows.map(({ letters }) => letters).join('')).toBe('');
  },
  240_000,
);

test('a link to a kernel leads to its net, its size of products and its op; one that this net does not have is said', async () => {
  const { page } = tab;
  await page.evaluate(() => {
    Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new Error()) });
    document.querySelector<HTMLElement>('[data-act=lab-link]')!.click();
  });
  await page.waitForFunction(() => location.hash.includes('op='));
  const hash = await page.evaluate(() => location.hash);
  const opened = await openTab(browser, served.origin, hash.replace('e=base', 'e=base&hidden=20'));
  await waitForGpu(opened.page);
  await opened.page.waitForSelector('#lab-group option');
  const shown = await opened.page.evaluate(() => ({
    op: document.querySelector<HTMLSelectElement>('#lab-group')!.value,
    product: document.querySelector<HTMLInputElement>('#lab-product')!.value,
    ofNet: [...document.querySelectorAll('#lab-group option')].map((option) => option.textContent!),
  }));
  expect(shown.op.startsWith(group)).toBe(true);
  expect(shown.product).toBe('16,16,16');
  expect(shown.ofNet.some((title) => /matmul-forward.* N=12 K=20/.test(title))).toBe(true);
  await opened.page.evaluate(() => {
    location.hash = '#/kernels?v=1&e=base&op=%3Cb%3Enothing&product=16,16,16';
  });
  await waitForText(opened.page, '.lab .alarm', /asks for “<b>nothing”, which this net does not have here/);
  // What the form says since is what can be measured.
  await opened.page.evaluate(() => {
    location.hash = '#/train?v=1&e=base&hidden=24';
  });
  await opened.page.waitForFunction(
    () => document.querySelector<HTMLElement>('#view-kernels')!.hidden === true,
  );
  await opened.page.evaluate(() => {
    location.hash = '#/kernels';
  });
  await opened.page.waitForFunction(() =>
    [...document.querySelectorAll('#lab-group option')].some((option) =>
      /matmul-forward.* N=12 K=24/.test(option.textContent!),
    ),
  );
  expect(opened.faults).toEqual([]);
  await opened.page.close();
}, 60_000);
