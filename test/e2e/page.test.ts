import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, ElementHandle, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultDataset } from '../../src/data/datasets/index.ts';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type PageServer, startPageServer } from '../../src/hosts/chrome/page-server.ts';
import { parseTuning, type TuningRecords, tuningText } from '../../src/train/tuning-records.ts';
import {
  act,
  axeFindings,
  keptRuns,
  openTab,
  overflowAt320,
  press,
  stepsDone,
  type Tab,
  textOf,
  waitForGpu,
  waitForRun,
  waitForStep,
  waitForText,
} from './page-driver.ts';

/** A small net, scored on few images for validation; 200 steps would be brief, with other kernels than most runs have. */
const link = '#/train?v=1&e=base&hidden=20&val-size=500&steps=420&lambda=0.001';

let server: PageServer;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  const log = (line: string) => console.error(line);
  server = await startPageServer({ dataset: defaultDataset, page: 'index.html', log });
  browser = await launchChrome({
    log,
    // Chrome would refuse WebGPU to a page after two crashes.
    args: ['--disable-domain-blocking-for-3d-apis', '--disable-gpu-process-crash-limit'],
  });
  // A small net on 49,000 images, scored on few: the tests below share this tab, and its data.
  tab = await openTab(browser, server.origin, link);
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A reload takes the form's settings with it: they were a link's. */
async function openFormAgain(): Promise<void> {
  await tab.page.goto('about:blank');
  await tab.page.goto(`${server.origin}/${link}`);
  await waitForGpu(tab.page);
  await waitForText(tab.page, '#data-chip', /on this device/);
}

async function showView(page: Page, view: string): Promise<void> {
  await page.click(`nav a[href="#/${view}"]`);
  await page.waitForSelector(`#view-${view}:not([hidden]) > *`);
}

/**
 * From here on each submit of the worker ends 200 ms later, or no longer: then it makes some ten steps in a second, on any machine, and a run is
 * not over before a test has come to what it does to it.
 */
async function setSlow(page: Page, isSlow: boolean): Promise<void> {
  await page.workers()[0]!.evaluate((slow) => {
    const scope = self as unknown as { isSlow?: boolean };
    const isPatched = scope.isSlow !== undefined;
    scope.isSlow = slow;
    if (isPatched) return;
    const { onSubmittedWorkDone } = GPUQueue.prototype;
    GPUQueue.prototype.onSubmittedWorkDone = async function () {
      await onSubmittedWorkDone.call(this);
      if (scope.isSlow) await new Promise((resolve) => setTimeout(resolve, 200));
      return undefined;
    };
  }, isSlow);
}

/** Trains the form slowly, and waits until the steps that the page shows are no longer those of the run before. */
async function train(page: Page): Promise<void> {
  await setSlow(page, true);
  await act(page, 'train');
  await waitForRun(page, ['preparing', 'running']);
  await waitForText(page, '#run-step', /^(?!420)/);
}

test('a visitor with a link sees its settings, consents to the data, trains, and the numbers are those that are kept', async () => {
  const { page, faults } = tab;
  await waitForGpu(page);
  await waitForText(page, '#data-chip', /needed/);
  // Parts of the page are painted one after the other.
  await waitForText(page, '.notices', /184 MB, from 127\.0\.0\.1/);
  await waitForText(page, '[data-act=train]', /^\s*Download 184 MB and train\s*$/);
  expect(await page.$eval('#field-lambda', (input) => (input as HTMLInputElement).value)).toBe('0.001');
  // Nothing starts by itself.
  expect(await page.evaluate(() => document.body.dataset.run)).toBe('none');

  await act(page, 'train');
  await waitForText(page, '#data-chip', /\d+ %/);
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  await waitForText(page, '#data-chip', /on this device/);
  for (const chart of ['accuracy', 'loss']) await page.waitForSelector(`#chart-${chart} canvas`);
  const [run] = await keptRuns(page);
  expect(run).toMatchObject({ state: 'finished', step: 420, name: 'base' });
  const { testAccuracy, validationAccuracy } = run!.perSeed[0]!;
  expect(testAccuracy).toBeGreaterThan(0.2);
  await waitForText(page, '#test-accuracy', RegExp(`^\\s*${(100 * testAccuracy!).toFixed(1)} %\\s*$`));
  await waitForText(
    page,
    '#validation-accuracy',
    RegExp(`^\\s*${(100 * validationAccuracy!).toFixed(1)} %\\s*$`),
  );
  expect(await page.title()).toBe('Train – wgrad');
  expect(faults).toEqual([]);
}, 180_000);

test('the net that was trained is asked about a picture of the visitor’s own; what is none is refused by name', async () => {
  const { page, faults } = tab;
  const input = (await page.waitForSelector('#own-picture'))! as ElementHandle<HTMLInputElement>;
  await input.uploadFile('docs/page.png');
  await page.waitForSelector('#own-guess canvas');
  const shares = await page.$$eval('#own-guess ol span', (spans) =>
    spans.map((span) => Number.parseFloat(span.textContent!)),
  );
  expect(shares).toHaveLength(3);
  for (const share of shares) expect(share).toBeGreaterThan(0);
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(await axeFindings(page)).toEqual([]);
  await input.uploadFile('package.json');
  await waitForText(page, '#own-guess', /package\.json is no picture that this browser reads/);
  expect(faults).toEqual([]);
}, 60_000);

test('pause, go on and stop do what they say, however often they are pressed; the run trained before is not disturbed by it', async () => {
  const { page, faults } = tab;
  await train(page);
  await waitForStep(page, 10);
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
  expect(paused).toBeLessThan(420);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await stepsDone(page)).toBe(paused);
  await waitForText(page, '#run-state', /^\s*paused\s*$/);
  await setSlow(page, false);
  await act(page, 'pause');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  const [paused2, before] = await keptRuns(page);
  expect(paused2!.weightHashes).toEqual(before!.weightHashes);
  expect(paused2!.perSeed).toEqual(before!.perSeed);

  await train(page);
  await waitForStep(page, 10);
  await act(page, 'stop');
  expect(await waitForRun(page, ['stopped', 'failed'])).toBe('stopped');
  const [stopped] = await keptRuns(page);
  expect(stopped).toMatchObject({ state: 'stopped' });
  await waitForStep(page, stopped!.step); // The header is painted at most ten times a second.
  expect(await stepsDone(page)).toBe(stopped!.step);
  expect(faults).toEqual([]);
}, 180_000);

/** Trains the form to the end, with `disturb` on the way; it must end with the bits of the first test's run. */
async function trainsTheSame(disturb: (page: Page) => Promise<void>, from = 10): Promise<void> {
  const { page } = tab;
  const reference = (await keptRuns(page)).findLast(({ state }) => state === 'finished')!;
  await train(page);
  await waitForStep(page, from);
  await disturb(page);
  await setSlow(page, false);
  expect(await waitForRun(page, ['finished', 'failed'], 120_000)).toBe('finished');
  const [run] = await keptRuns(page);
  expect(run!.id).not.toBe(reference.id);
  expect(run).toMatchObject({ state: 'finished', step: reference.step, perSeed: reference.perSeed });
  expect(run!.weightHashes).toEqual(reference.weightHashes);
}

async function crashGpu(): Promise<void> {
  const client = await browser.target().createCDPSession();
  await client.send('Browser.crashGpuProcess');
  await client.detach();
}

test('a step that is traced while a run is paused for it, of a net with another normalisation, changes no bits of the run', async () => {
  await trainsTheSame(async (page) => {
    await page.select('#field-normalisation', 'channel');
    await page.click('nav a[href="#/kernels"]');
    await page.waitForSelector('[data-act=lab-trace]:not([disabled])');
    await page.$eval('[data-act=lab-trace]', (button) => (button as HTMLElement).click());
    await waitForText(page, '#lab-traced', /dispatches/);
    await page.click('nav a[href="#/train"]');
  });
  await openFormAgain();
}, 180_000);

test('a lost GPU: the run goes on by itself, and ends with the same bits', async () => {
  await trainsTheSame(crashGpu);
  expect(await textOf(tab.page, '#gpu-chip')).toMatch(/slow|ready/);
}, 240_000);

test('a GPU that is lost twice: the page asks, and on Go on the run ends with the same bits', async () => {
  await trainsTheSame(async (page) => {
    await crashGpu();
    await page.waitForSelector('.settings [data-act=pause]:disabled'); // It prepares, and is painted so.
    // Held in the middle as soon as it trains again.
    await act(page, 'pause', 90_000);
    await waitForText(page, '#status', /^Paused$/);
    expect(await stepsDone(page)).toBeLessThan(420);
    await crashGpu();
    await act(page, 'pause');
    await waitForText(page, '#gpu-notice', /lost a second time/);
    expect(await axeFindings(page)).toEqual([]);
    expect(await waitForRun(page, ['paused'])).toBe('paused');
    await press(page, '#gpu-notice [data-act=go-on]');
  });
}, 240_000);

/** Reloads, and presses what the list of runs then offers for the newest. Returns its words. */
async function reloadAndGoOn(page: Page): Promise<string> {
  await page.reload();
  await waitForGpu(page);
  await page.click('nav a[href="#/runs"]');
  const button = '.runs [data-act=go-on]';
  await page.waitForSelector(button, { timeout: 20_000 });
  const words = await textOf(page, button);
  expect(await axeFindings(page)).toEqual([]);
  // The element itself: charts that come later move it from under a mouse.
  await page.$eval(button, (found) => (found as HTMLElement).click());
  await waitForRun(page, ['running', 'testing', 'finished'], 60_000);
  return words;
}

test('a reload in the middle: the run is there to go on with, and ends with the same bits', async () => {
  await trainsTheSame(async (page) => {
    while ((await keptRuns(page))[0]!.step === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await reloadAndGoOn(page)).toMatch(/^Go on from step [1-9]\d*$/);
  });
}, 240_000);

test('a reload before the first checkpoint: the run begins again, and ends with the same bits', async () => {
  await openFormAgain();
  // Else one is kept where two seconds are over before the reload.
  await tab.page.workers()[0]!.evaluate(() => {
    const { prototype } = FileSystemFileHandle;
    const open = prototype.createSyncAccessHandle;
    prototype.createSyncAccessHandle = function () {
      return /\.[01]$/.test(this.name) ? new Promise(() => {}) : open.call(this);
    };
  });
  await trainsTheSame(async (page) => {
    expect(await reloadAndGoOn(page)).toBe('Start again');
  }, 1);
}, 240_000);

test('another tab: it says that this one trains, and leaves its run alone', async () => {
  await openFormAgain();
  await trainsTheSame(async () => {
    const other = await openTab(browser, server.origin, link);
    await waitForGpu(other.page);
    await waitForText(other.page, '#data-chip', /on this device/);
    await act(other.page, 'train');
    await waitForText(other.page, '.notices', /Another tab trains/);
    // What is renamed there is seen here, when this one is looked at again.
    const { id } = (await keptRuns(other.page)).at(-1)!;
    const name = `[data-run="${id}"] .run-title`;
    await showView(other.page, 'runs');
    await other.page.$eval(name, (input) => {
      (input as HTMLInputElement).value = 'renamed elsewhere';
      input.dispatchEvent(new Event('change'));
    });
    while ((await keptRuns(other.page)).at(-1)!.name !== 'renamed elsewhere')
      await new Promise((resolve) => setTimeout(resolve, 50));
    await other.page.close({ runBeforeUnload: false });
    await tab.page.bringToFront();
    await showView(tab.page, 'runs');
    await tab.page.waitForFunction(
      (selector) => document.querySelector<HTMLInputElement>(selector)?.value === 'renamed elsewhere',
      {},
      name,
    );
    await showView(tab.page, 'train');
  });
}, 240_000);

test('a worker that is ended: the page says so at once, keeps the run, and can train again', async () => {
  const { page } = tab;
  await train(page);
  await waitForStep(page, 10);
  await page.workers()[0]!.close();
  await waitForText(page, '.notices', /engine ended/, 20_000);
  expect((await keptRuns(page))[0]).toMatchObject({ state: 'interrupted' });
  await trainsTheSame(async () => {});
}, 240_000);

test('every view, with runs and measured kernels: axe finds nothing serious, nothing is wider than 320 px, light and dark', async () => {
  const { page } = tab;
  for (const view of ['train', 'runs', 'kernels', 'gpu']) {
    await page.click(`nav a[href="#/${view}"]`);
    await page.waitForFunction(
      (id) => document.getElementById(id)!.textContent!.trim() !== '',
      {},
      `view-${view}`,
    );
    if (view === 'kernels') await measureKernels(page);
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      expect(await axeFindings(page)).toEqual([]);
    }
    expect(await overflowAt320(page), view).toBe(0);
  }
  expect(tab.faults).toEqual([]);
}, 240_000);

/** Presses a button that saves a file. Returns its text. */
const savedText = (page: Page, selector: string): Promise<string> =>
  page.evaluate(async (button) => {
    const { createObjectURL } = URL;
    const saved = new Promise<string>((resolve) => {
      URL.createObjectURL = (blob) => {
        void (blob as Blob).text().then(resolve);
        return createObjectURL(blob);
      };
    });
    document.querySelector<HTMLElement>(button)!.click();
    const found = await saved;
    URL.createObjectURL = createObjectURL;
    return found;
  }, selector);

test('measured kernels are saved as a file, and loaded from one that was measured on this adapter', async () => {
  const { page } = tab;
  await page.click('nav a[href="#/kernels"]');
  await press(page, '[data-act=lab-use]:not([disabled])');
  await page.click('nav a[href="#/gpu"]');
  const table = '[aria-label="Table of measured kernels"]';
  await page.waitForSelector(table);
  expect(await textOf(page, table)).toMatch(/sgd COUNT=\d+/);
  const text = await savedText(page, '[data-act=save-tuning]');
  const { records, problem } = parseTuning(text);
  expect(problem).toBeUndefined();
  const [[key, ops]] = Object.entries(records) as [[string, TuningRecords[string]]];
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-page-'));
  const load = async (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    const input = (await page.$('#tuning-file')) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(join(folder, name));
    await waitForText(page, '#tuning-said', new RegExp(`^${name}`));
    return textOf(page, '#tuning-said');
  };
  try {
    const other = { 'matmul-forward M=1 N=4 K=4 R=1': { variant: 'naive', us: { naive: 123 } } };
    expect(await load('mine.json', tuningText({ [key]: other }))).toBe('mine.json: 1 op of this adapter.');
    expect(await textOf(page, table)).toContain('naive 123');
    expect(await textOf(page, table)).toContain(Object.keys(ops)[0]);
    expect(await load('other.json', tuningText({ elsewhere: ops }))).toMatch(/another adapter/);
    expect(await load('none.json', '[]')).toMatch(/holds no measurements/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

interface TraceSlice {
  readonly ph: string;
  readonly cat: string;
  readonly ts: number;
  readonly dur: number;
}

const slicesOf = (trace: string): TraceSlice[] =>
  (JSON.parse(trace) as { traceEvents: TraceSlice[] }).traceEvents.filter(({ ph }) => ph === 'X');

test('a training step, kernel by kernel: saved as a trace, and handed to Perfetto in a window that the click opens', async () => {
  const { page, faults } = tab;
  await page.click('nav a[href="#/kernels"]');
  await page.waitForSelector('[data-act=lab-trace]:not([disabled])');
  await page.$eval('[data-act=lab-trace]', (button) => (button as HTMLElement).click());
  await waitForText(page, '#lab-traced', /dispatches/);
  const dispatches = Number(/(\d+) dispatches/.exec(await textOf(page, '#lab-traced'))![1]);
  const trace = await savedText(page, '[data-act=save-trace]');
  const slices = slicesOf(trace);
  expect(slices).toHaveLength(dispatches);
  expect(slices.map(({ cat }) => cat)).toEqual(
    expect.arrayContaining(['sgd', 'softmax-cross-entropy', 'step-end']),
  );
  for (const [i, { ts, dur }] of slices.entries()) {
    expect(dur).toBeGreaterThan(0);
    expect(ts).toBeGreaterThanOrEqual(i === 0 ? 0 : slices[i - 1]!.ts);
  }

  // In the place of the other site's window: it answers the third question.
  const handed = await page.evaluate(
    () =>
      new Promise<{ asked: string; to: string[]; text: string; title: string }>((resolve) => {
        let asked = '';
        const to: string[] = [];
        const other = {
          postMessage(
            message: 'PING' | { perfetto: { buffer: ArrayBuffer; title: string } },
            origin: string,
          ) {
            to.push(origin);
            if (message === 'PING') {
              const answer = (from: string) =>
                window.dispatchEvent(new MessageEvent('message', { data: 'PONG', origin: from }));
              if (to.length === 2) answer('https://elsewhere.example');
              if (to.length === 3) answer(origin);
              return;
            }
            const { buffer, title } = message.perfetto;
            resolve({ asked, to, text: new TextDecoder().decode(buffer), title });
          },
        };
        window.open = (url) => {
          asked = String(url);
          return other as unknown as Window;
        };
        document.querySelector<HTMLElement>('[data-act=open-perfetto]')!.click();
      }),
  );
  expect(handed).toEqual({
    asked: 'https://ui.perfetto.dev',
    to: new Array(4).fill('https://ui.perfetto.dev'),
    text: trace,
    title: 'step of base',
  });
  await page.evaluate(() => {
    window.open = () => null;
    document.querySelector<HTMLElement>('[data-act=open-perfetto]')!.click();
  });
  await waitForText(page, '.lab .alarm', /blocked the window/);
  expect(faults).toEqual([]);
}, 60_000);

/** Measures one small op; nothing is ranked without the float64 reference. */
async function measureKernels(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll('#lab-group option').length > 5, {
    timeout: 30_000,
  });
  const id = await page.$$eval('#lab-group option', (options) =>
    options.map((option) => (option as HTMLOptionElement).value).find((value) => value.startsWith('sgd')),
  );
  await page.select('#lab-group', id!);
  await press(page, '[data-act=lab-run]');
  await page.waitForSelector('#lab-result tbody tr', { timeout: 120_000 });
  await page.waitForSelector('[data-act=lab-run]', { timeout: 60_000 });
  const rows = await page.$$eval('#lab-result tbody tr', (found) =>
    found.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent!.trim())),
  );
  expect(rows.length).toBeGreaterThan(1);
  for (const [right, median] of rows) {
    expect(right).toBe('yes');
    expect(median).toMatch(/ [µm]?s$/);
  }
}

/** A worker that has loaded, and answers every call with the same error, or with nothing. */
const fakeWorker = (error: { kind: string; message: string } | undefined) => {
  window.Worker = class extends EventTarget {
    postMessage({ id, call }: { id: number; call: string }) {
      if (call !== 'ping' && error === undefined) return;
      const data = call === 'ping' ? { id, gives: null } : { id, error };
      setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data })));
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
  expect(await axeFindings(page)).toEqual([]);
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
    await waitForText(page, '#gpu-notice', says);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.$eval('[data-act=train]', (button) => (button as HTMLButtonElement).disabled)).toBe(
      true,
    );
    await page.close();
  },
);
