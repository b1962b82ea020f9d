// Runs in a real browser: as files to another browser and back, beside each other, and how a training may go that is not left alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, ElementHandle, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import type { SeedScore } from '../../src/page/model/run-record.ts';
import { type BreakablePage, startBreakablePage } from './breakable-page.ts';
import { startCommand } from './command.ts';
import {
  act,
  axeFindings,
  keptMetrics,
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

/** Two seeds of a net of few steps: t tests need two. */
const link = '#/train?v=1&e=base&hidden=20&val-size=500&steps=60&seeds=2';

let served: BreakablePage;
let browser: Browser;
let tab: Tab;
let folder: string;

/** Counts the GPU's buffers that were made and not destroyed. */
const countBuffers = () => {
  const scope = self as unknown as { liveBuffers: number };
  scope.liveBuffers = 0;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    scope.liveBuffers++;
    return createBuffer.call(this, descriptor);
  };
  const { destroy } = GPUBuffer.prototype;
  const gone = new WeakSet<GPUBuffer>();
  GPUBuffer.prototype.destroy = function () {
    if (!gone.has(this)) scope.liveBuffers--;
    gone.add(this);
    return destroy.call(this);
  };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-page-'));
  served = await startBreakablePage({ inWorker: countBuffers });
  browser = await launchChrome({ log: (line) => console.error(line) });
  tab = await openTab(browser, served.origin, link);
  await waitForGpu(tab.page);
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await served?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Trains the form to its end. */
async function trainToEnd(page: Page): Promise<void> {
  const before = (await keptRuns(page)).length;
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  expect(await keptRuns(page)).toHaveLength(before + 1);
}

/** Its files in the browser's private file system. */
const checkpointsOf = (page: Page, runId: string) =>
  page.evaluate(async (id) => {
    const root = await navigator.storage.getDirectory();
    const names: string[] = [];
    for await (const name of (await root.getDirectoryHandle('checkpoints')).keys()) names.push(name);
    return names.filter((name) => name.startsWith(id));
  }, runId);

/** Opens the form anew with another query. */
async function withQuery(page: Page, query: string): Promise<void> {
  await page.evaluate(async (hash) => {
    const changed = new Promise((resolve) => window.addEventListener('hashchange', resolve, { once: true }));
    location.hash = hash;
    await changed;
  }, `#/train?${query}`);
}

/** Cells of a run's row, as text. */
async function cells(page: Page, name: string): Promise<string[]> {
  return page.$$eval(
    '.runs tbody tr',
    (rows, wanted) => {
      const row = rows.find((each) => each.querySelector<HTMLInputElement>('.run-title')!.value === wanted);
      return [...row!.querySelectorAll('td')].map((cell) => cell.textContent!.replace(/\s+/g, ' ').trim());
    },
    name,
  );
}

test('two runs of the same settings have the same bits, and are not distinguishable', async () => {
  const { page, faults } = tab;
  await trainToEnd(page);
  await trainToEnd(page);
  const [second, first] = await keptRuns(page);
  expect(second!.weightHashes).toEqual(first!.weightHashes);
  await page.click('nav a[href="#/runs"]');
  await page.waitForSelector('.runs tbody tr:nth-child(2)');
  expect((await cells(page, 'base 2'))[8]).toBe('+0.00 [+0.00, +0.00] pointsnot distinguishable, p 1.000');
  expect((await cells(page, 'base'))[8]).toBe('baseline');
  // Every score is on the screen: there is nothing to scroll to.
  const before = page.viewport()!;
  for (const width of [641, 1160, 1161, 1250]) {
    await page.setViewport({ width, height: 900 });
    const hidden = await page.$eval('.runs-list', (list) => list.scrollWidth - list.clientWidth);
    expect(hidden, `${width} px`).toBe(0);
  }
  await page.setViewport(before);
  expect(faults).toEqual([]);
}, 120_000);

async function importInto(page: Page, paths: readonly string[]): Promise<void> {
  const input = (await page.waitForSelector('#run-files')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(...paths);
}

/** Presses a button that saves a file, and waits for it to be whole. Returns its path. */
async function saved(page: Page, selector: string): Promise<string> {
  const client = await page.createCDPSession();
  const behaviour = { behavior: 'allow', downloadPath: folder, eventsEnabled: true } as const;
  await client.send('Browser.setDownloadBehavior', behaviour);
  // Until then it may have another name, or not all of its bytes.
  const path = new Promise<string>((resolve, reject) => {
    let name = '';
    client.on('Browser.downloadWillBegin', ({ suggestedFilename }) => {
      name = suggestedFilename;
    });
    client.on('Browser.downloadProgress', ({ state }) => {
      if (state === 'completed') resolve(join(folder, name));
      if (state === 'canceled') reject(new Error(`${name} was not saved`));
    });
  });
  await page.$eval(selector, (button) => (button as HTMLElement).click());
  return await path.finally(() => client.detach());
}

/** A browser in which nothing was ever done. */
async function elsewhere(use: (page: Page, faults: readonly string[]) => Promise<void>): Promise<void> {
  const context: BrowserContext = await browser.createBrowserContext();
  try {
    const { page, faults } = await openTab(context, served.origin, '#/runs');
    await use(page, faults);
  } finally {
    await context.close();
  }
}

test('a whole run is the same in another browser; a cut, a changed and a foreign file are refused in a line each', async () => {
  const path = await saved(tab.page, '.runs [data-act=export]');
  expect(path).toMatch(/base-2\.run\.safetensors$/);
  const [run] = await keptRuns(tab.page);
  const curves = await keptMetrics(tab.page, run!.id);
  await elsewhere(async (page, faults) => {
    await importInto(page, [path]);
    await page.waitForSelector('.runs tr[data-origin=import]');
    const [brought] = await keptRuns(page);
    const { name, state, step, perSeed, weightHashes } = run!;
    expect(brought).toMatchObject({ name, state, step, perSeed, weightHashes });
    expect(await keptMetrics(page, brought!.id)).toEqual(curves);

    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[changed.length - 1]! ^= 1;
    const files = {
      'cut.run.safetensors': bytes.subarray(0, 0.4 * bytes.length),
      'changed.run.safetensors': changed,
      'cat.jpg': Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
      'other.json': Buffer.from('{}'),
      'summary.json': Buffer.from('[1, 2'),
    };
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    await importInto(
      page,
      Object.keys(files).map((file) => join(folder, file)),
    );
    await waitForText(page, '.refused', /Not imported/);
    const lines = await page.$$eval('.refused li', (items) => items.map((item) => item.textContent!));
    expect(lines).toEqual([
      expect.stringMatching(/^cut\.run\.safetensors: \S.*/),
      'changed.run.safetensors: it was changed: its hash is another',
      'cat.jpg: it is no run of this page or of npm run train',
      'other.json: it is no run of this page or of npm run train',
      expect.stringMatching(/^summary\.json: \S.*/),
    ]);
    for (const line of lines) expect(line.length).toBeLessThan(200);
    expect(await axeFindings(page)).toEqual([]);
    expect(await keptRuns(page)).toHaveLength(1);
    expect(faults).toEqual([]);
  });
}, 60_000);

/** Drops files or folders of this computer on a page, as a hand would. */
async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const client = await page.createCDPSession();
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  }
  await client.detach();
}

test('the folder of npm run train, dropped on any view or chosen in a dialog, is a run with its curves and weights', async () => {
  const runFolder = join(folder, 'two-seeds');
  const options = ['--hidden', '20', '--steps', '20', '--val-size', '500', '--seeds', '2', '--tta', 'flip'];
  const args = [...options, '--out', runFolder];
  const { status, stderr } = await startCommand('train', args).outcome;
  expect(status, stderr).toBe(0);
  const { perSeed } = JSON.parse(readFileSync(join(runFolder, 'summary.json'), 'utf8')) as {
    perSeed: { testAccuracy: number; testAccuracyOverViews: number }[];
  };
  const testsOf = (scores: readonly Partial<SeedScore>[]) =>
    scores.map(({ testAccuracy, testAccuracyOverViews }) => [testAccuracy, testAccuracyOverViews]);
  const isThere = async (page: Page) => {
    await page.waitForSelector('.runs tr[data-origin=import]', { timeout: 20_000 });
    expect(await page.$('.refused')).toBeNull();
    const [run] = await keptRuns(page);
    expect(run).toMatchObject({ name: 'two-seeds', state: 'finished', step: 20 });
    expect(testsOf(run!.perSeed)).toEqual(testsOf(perSeed));
    expect(await page.$eval('[data-label=Test]', (cell) => cell.textContent)).toMatch(/ % over flips$/);
    expect(run!.weightHashes).toHaveLength(2);
    expect((await keptMetrics(page, run!.id))!.steps.length).toBeGreaterThan(0);
  };
  await elsewhere(async (page, faults) => {
    await page.click('nav a[href="#/train"]');
    await waitForGpu(page);
    await page.reload(); // The Runs view was never shown.
    await waitForGpu(page); // Nobody drops on what is not painted yet.
    await drop(page, [runFolder]);
    await isThere(page);
    expect(faults).toEqual([]);
  });
  await elsewhere(async (page, faults) => {
    await page.waitForSelector('#run-folder');
    const [chooser] = await Promise.all([page.waitForFileChooser(), page.click('label:has(#run-folder)')]);
    await chooser.accept([runFolder]);
    await isThere(page);
    expect(faults).toEqual([]);
  });
}, 120_000);

test('a learning rate of 1e9: the page says that it diverges, keeps the run, and trains again', async () => {
  const { page, faults } = tab;
  await withQuery(page, 'v=1&e=base&hidden=20&val-size=500&steps=60&seeds=2&lr-max=1e9');
  await trainToEnd(page);
  await waitForText(page, '#diverged', /seed/);
  expect(await axeFindings(page)).toEqual([]);
  expect(await textOf(page, '#diverged')).toMatch(
    /^Diverged: the loss is not finite, seed \d at step \d+, seed \d at step \d+\./,
  );
  const [diverged, before] = await keptRuns(page);
  expect(diverged).toMatchObject({ state: 'finished', step: 60 });
  expect(diverged!.perSeed[0]).toMatchObject({ divergedAtStep: expect.any(Number) });
  await withQuery(page, link.split('?')[1]!);
  await trainToEnd(page);
  expect(await page.$('#diverged')).toBeNull();
  expect((await keptRuns(page))[0]!.weightHashes).toEqual(before!.weightHashes);
  expect(faults).toEqual([]);
}, 120_000);

test('twenty runs leave no buffer of the GPU behind', async () => {
  const { page } = tab;
  const liveBuffers = () =>
    page.workers()[0]!.evaluate(() => (self as unknown as { liveBuffers: number }).liveBuffers);
  // Narrow, with batches of 500: the test images are few reads.
  const narrow = 'v=1&e=base&hidden=4&val-size=500&batch-size=500';
  await withQuery(page, `${narrow}&steps=2`);
  await trainToEnd(page); // The data, and what is compiled once.
  const before = await liveBuffers();
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) await trainToEnd(page);
  expect(await liveBuffers()).toBe(before);
  // Fifteen that are stopped: scoring the test images is most of what a whole one takes.
  await withQuery(page, `${narrow}&steps=100000`);
  for (let i = 0; i < 15; i++) {
    await act(page, 'train');
    await waitForRun(page, ['running']);
    await waitForStep(page, 1);
    await act(page, 'stop');
    expect(await waitForRun(page, ['stopped', 'finished', 'failed'])).toBe('stopped');
  }
  expect(await liveBuffers()).toBe(before);
}, 120_000);

test('a form that is changed while it trains says so, and starts as a new run; the run before is kept', async () => {
  const { page, faults } = tab;
  // More than any machine trains meanwhile.
  await withQuery(page, 'v=1&e=base&hidden=20&val-size=500&steps=100000');
  await act(page, 'train');
  await waitForStep(page, 1);
  await waitForRun(page, ['running']);
  expect(await page.$('[data-act=restart]')).toBeNull();
  const write = (id: string, text: string) =>
    page.$eval(
      id,
      (input, value) => {
        (input as HTMLInputElement).value = value;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      },
      text,
    );
  await write('#field-lambda', '0.01');
  await waitForText(page, '[data-act=restart]', /Start as a new run \(1 change\)/);
  await write('#field-steps', '60');
  await waitForText(page, '[data-act=restart]', /Start as a new run \(2 changes\)/);
  // One that cannot be trained cannot be started.
  await write('#field-lambda', 'much');
  await page.waitForSelector('[data-act=restart]:disabled');
  await write('#field-lambda', '0.01');
  await act(page, 'restart');
  await waitForText(page, '#run-step', /of 60/);
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  const [started, stopped] = await keptRuns(page);
  expect(stopped).toMatchObject({ state: 'stopped', settings: { lambda: 0.005 } });
  expect(started).toMatchObject({ state: 'finished', step: 60, settings: { lambda: 0.01 } });
  expect(faults).toEqual([]);
}, 120_000);

test('a stopped run that goes on is its own form: nothing has changed, and its settings go to the form with its steps', async () => {
  const { page, faults } = tab;
  await page.click('nav a[href="#/runs"]');
  const [, stopped] = await keptRuns(page);
  const row = `.runs tr[data-run="${stopped!.id}"]`;
  await page.waitForSelector(row);
  // Deleted, and not: its checkpoint is still there.
  await page.$eval(`${row} [data-act=delete]`, (button) => (button as HTMLElement).click());
  await page.waitForSelector('[data-act=undo]');
  expect(await axeFindings(page)).toEqual([]);
  await expect.poll(async () => (await keptRuns(page)).map(({ id }) => id)).not.toContain(stopped!.id);
  await new Promise((resolve) => setTimeout(resolve, 300)); // Whoever dropped it would have by now.
  expect(await checkpointsOf(page, stopped!.id)).not.toEqual([]);
  await page.$eval('[data-act=undo]', (button) => (button as HTMLElement).click());
  await page.waitForSelector(row);
  await page.$eval(`${row} [data-act=settings]`, (button) => (button as HTMLElement).click());
  await waitForText(page, '#estimate', /100,000 steps/);
  await page.click('nav a[href="#/runs"]');
  await page.$eval(`${row} [data-act=go-on]`, (button) => (button as HTMLElement).click());
  await waitForRun(page, ['running']);
  expect(stopped!.step).toBeGreaterThan(0);
  expect(await stepsDone(page)).toBeGreaterThanOrEqual(stopped!.step);
  expect(await page.$('[data-act=restart]')).toBeNull();
  await act(page, 'stop');
  expect(await waitForRun(page, ['stopped', 'failed'])).toBe('stopped');
  expect(faults).toEqual([]);
}, 120_000);
