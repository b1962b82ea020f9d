// The page's data in a real browser: networks and storage that fail, files that are chosen, a second visit.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Browser, BrowserContext, ElementHandle, Page } from 'puppeteer';
import { create } from 'tar';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type Answer, asUsual, type BreakablePage, offline, startBreakablePage } from './breakable-page.ts';
import {
  act,
  axeFindings,
  keptRuns,
  openTab,
  press,
  stepsDone,
  type Tab,
  textOf,
  waitForGpu,
  waitForRun,
  waitForStep,
  waitForText,
} from './page-driver.ts';

/** A net of few steps: what is trained here shows that the data are there. */
const link = '#/train?v=1&e=base&hidden=20&val-size=500&steps=20';
const firstFile = 'data_batch_1.bin';

let served: BreakablePage;
let browser: Browser;
let context: BrowserContext;
let folder: string;

beforeAll(async () => {
  served = await startBreakablePage();
  browser = await launchChrome({ log: (line) => console.error(line) });
  folder = mkdtempSync(join(tmpdir(), 'wgrad-page-'));
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await served?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  served.answer = asUsual;
  served.asked.length = 0;
  context = await browser.createBrowserContext();
});

afterEach(async () => {
  await context.close();
});

/** A visitor who was never here. */
async function visit(origin = served.origin, path = link): Promise<Tab> {
  const tab = await openTab(context, origin, path);
  await waitForGpu(tab.page);
  await waitForText(tab.page, '#data-chip', /needed/);
  return tab;
}

/** Each part of the page is painted by itself, so that they say the same a moment later. */
const untilTrainable = (page: Page, label: RegExp) =>
  waitForText(page, '.settings [data-act=train]:not([disabled])', label, 5000);

/** Sends `bytes`, told to be `length` long; where they are fewer the connection breaks behind them. */
function send(response: ServerResponse, bytes: Uint8Array, length = bytes.length): void {
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', length);
  if (length === bytes.length) response.end(bytes);
  else response.write(bytes, () => setTimeout(() => response.destroy(), 100));
}

/** Answers the first file with what `change` makes of it. */
const withFirstFile =
  (change: (bytes: Buffer, response: ServerResponse) => void): Answer =>
  (name, _request, response) => {
    if (name !== firstFile) return false;
    void readFile(served.dataFiles[0]!).then((bytes) => change(bytes, response));
    return true;
  };

const part = (bytes: Buffer): Buffer => bytes.subarray(0, 0.4 * bytes.length);

const brokenAnswers: readonly { readonly name: string; readonly answer: Answer; readonly says: RegExp }[] = [
  { name: 'with the network off', answer: offline, says: /The data cannot be reached.*data_batch_1\.bin/ },
  {
    name: 'with the network off after 40 %',
    answer: withFirstFile((bytes, response) => send(response, part(bytes), bytes.length)),
    says: /The data cannot be reached.*data_batch_1\.bin/,
  },
  {
    name: 'of a file that is cut at 40 %',
    answer: withFirstFile((bytes, response) => send(response, part(bytes))),
    says: /The data are not whole.*data_batch_1\.bin ended after 12292000 of 30730000 bytes/,
  },
  {
    name: 'of a file with one byte flipped',
    answer: withFirstFile((bytes, response) => {
      bytes[12_345_678]! ^= 1;
      send(response, bytes);
    }),
    says: /data_batch_1\.bin is damaged or another file: its SHA-256 is [0-9a-f]{64}, not cee91656/,
  },
];

test.each(brokenAnswers)(
  'a download $name: the page says so, no run is left behind, and Train asks for the same consent again',
  async ({ answer, says }) => {
    const { page } = await visit();
    served.answer = answer;
    await act(page, 'train');
    await waitForText(page, '.notices', /SHA-256|cannot be reached|not whole/, 20_000);
    expect(await textOf(page, '.notices')).toMatch(says);
    expect(await axeFindings(page)).toEqual([]);
    await untilTrainable(page, /^Download 184 MB and train$/);
    await waitForText(page, '#data-chip', /needed/, 5000);
    // One notice: the training is not what failed.
    expect(await page.$$eval('.notices .notice', (found) => found.length)).toBe(1);
    expect(await keptRuns(page)).toEqual([]);
  },
  60_000,
);

/** Memory that the JavaScript of a page and its worker hold, arrays outside of their heaps included: the largest of each, bytes. */
async function watchMemory(page: Page): Promise<() => Promise<{ page: number; worker: number }>> {
  const clients = { page: await page.createCDPSession(), worker: page.workers()[0]!.client };
  const most = { page: 0, worker: 0 };
  let isWatching = true;
  const watching = (async () => {
    while (isWatching) {
      for (const side of ['page', 'worker'] as const) {
        const usage = await clients[side].send('Runtime.getHeapUsage');
        most[side] = Math.max(most[side], usage.usedSize + (usage.backingStorageSize ?? 0));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return async () => {
    isWatching = false;
    await watching;
    await clients.page.detach();
    return most;
  };
}

/** While 184 MB go from the network or from files to the GPU: a file of 31 MB and what belongs to it, never what came in all. */
const mostMemory = 80e6;

function expectLittle({ page, worker }: { readonly page: number; readonly worker: number }): void {
  expect(worker).toBeGreaterThan(1e6);
  expect(page + worker).toBeLessThan(mostMemory);
}

test('a download whose network went away goes on with what is missing, in little memory; the second visit trains without a network', async () => {
  const { page } = await visit();
  served.answer = (name, ...rest) => name === 'data_batch_2.bin' && offline(name, ...rest);
  await act(page, 'train');
  await waitForText(page, '.notices', /cannot be reached/);
  await untilTrainable(page, /^Download 154 MB and train$/);
  served.answer = asUsual;
  served.asked.length = 0;
  const memory = await watchMemory(page);
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  expectLittle(await memory());
  expect(served.asked).not.toContain(firstFile);
  await waitForText(page, '.notices', /^\s*$/, 5000);

  const second = await openTab(context, served.origin, link);
  await page.close();
  await waitForGpu(second.page);
  await waitForText(second.page, '#data-chip', /on this device/);
  served.answer = offline;
  const secondMemory = await watchMemory(second.page);
  await act(second.page, 'train');
  expect(await waitForRun(second.page, ['finished', 'failed'])).toBe('finished');
  expectLittle(await secondMemory());
  const runs = await keptRuns(second.page);
  expect(runs).toHaveLength(2);
  expect(runs[0]!.weightHashes).toEqual(runs[1]!.weightHashes);
  // A view that was never shown is not here.
  await second.page.click('nav a[href="#/runs"]');
  await waitForText(second.page, '#view-runs', /could not be loaded/, 10_000);
  served.answer = asUsual;
  await second.page.click('#view-runs button');
  await waitForText(second.page, '#view-runs', /base 2/, 10_000);
  expect(second.faults.filter((fault) => !/ERR_|Failed to fetch/.test(fault))).toEqual([]);
}, 120_000);

test('a server that falls silent in the middle: the page says where and what to do, and goes on with that file', async () => {
  const silent = await startBreakablePage({
    // The 30 seconds without a byte, as two.
    inWorker: () => {
      const later = self.setTimeout;
      Object.assign(self, {
        setTimeout: (work: () => void, ms: number) => later(work, ms === 30_000 ? 2000 : ms),
      });
    },
  });
  try {
    const { page } = await visit(silent.origin);
    silent.answer = (name, _request, response) => {
      if (name !== 'data_batch_2.bin') return false;
      response.setHeader('Content-Length', 30_730_000);
      response.write(new Uint8Array(12e6));
      return true;
    };
    await act(page, 'train');
    await waitForText(page, '.notices', /cannot be reached/);
    expect(await textOf(page, '.notices')).toMatch(
      /data_batch_2\.bin sent nothing for 30 s Check the connection, then press Download: it goes on/,
    );
    await untilTrainable(page, /^Download 154 MB and train$/);
    silent.answer = asUsual;
    silent.asked.length = 0;
    await act(page, 'train');
    expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
    expect(silent.asked[0]).toBe('data_batch_2.bin');
  } finally {
    await silent.close();
  }
}, 60_000);

test('a download that is cancelled is no failure, and begins again where it was', async () => {
  const { page } = await visit();
  served.answer = (name) => name === 'data_batch_2.bin'; // It never answers.
  await act(page, 'train');
  const cancel = (await page.waitForSelector('[data-act=cancel-data]', { timeout: 5000 }))!;
  await cancel.focus();
  await expect.poll(() => served.asked, { timeout: 20_000 }).toContain('data_batch_2.bin');
  await waitForText(page, '#data-chip', /16 %/);
  // The same button all along, checks between the files included: no click misses it, and it keeps the focus.
  expect(await cancel.evaluate((button) => button === document.activeElement)).toBe(true);
  // A button, not a bar across the page.
  expect((await cancel.boundingBox())!.width).toBeLessThan(200);
  await cancel.evaluate((button) => (button as HTMLElement).click());
  expect(await waitForRun(page, ['stopped', 'failed'], 5000)).toBe('stopped');
  await waitForText(page, '.notices', /CIFAR-10 is needed[\s\S]*154 MB/);
  expect(await page.$('.notices .notice')).toBeNull();
  await act(page, 'train');
  await waitForText(page, '#data-chip', /16 %/);
  await act(page, 'stop');
  expect(await waitForRun(page, ['stopped', 'failed'], 5000)).toBe('stopped');
  await untilTrainable(page, /^Download 154 MB and train$/);
}, 60_000);

test('a browser that keeps no files: the data stay in the tab, which says so, and it trains', async () => {
  const private_ = await startBreakablePage({
    inWorker: () => {
      navigator.storage.getDirectory = () =>
        Promise.reject(new DOMException('a private window', 'SecurityError'));
    },
  });
  try {
    const { page, faults } = await visit(private_.origin);
    await waitForText(page, '.notices', /gone with it: this browser keeps no files.*a private window/, 5000);
    await act(page, 'train');
    expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
    await waitForText(page, '#data-chip', /this tab only/, 5000);
    await waitForText(page, '.notices', /gone with it: this browser keeps no files/, 5000);
    expect(await axeFindings(page)).toEqual([]);
    await untilTrainable(page, /^Train$/);
    expect(faults).toEqual([]);
  } finally {
    await private_.close();
  }
}, 120_000);

test('a checkpoint that the browser never opens: training goes on, and what stops is whole', async () => {
  const silent = await startBreakablePage({
    inWorker: () => {
      const { prototype } = FileSystemFileHandle;
      const open = prototype.createSyncAccessHandle;
      prototype.createSyncAccessHandle = function () {
        return this.name.endsWith('.1') ? new Promise(() => {}) : open.call(this);
      };
    },
  });
  try {
    const { page, faults } = await visit(silent.origin, link.replace('steps=20', 'steps=1000000'));
    await act(page, 'train');
    await waitForRun(page, ['running']);
    // The second checkpoint, at 4 s, is one that is never opened; with steps that wait for it none would be seen behind 6 s.
    await new Promise((resolve) => setTimeout(resolve, 8000));
    const before = await stepsDone(page);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await waitForStep(page, before + 10);
    await act(page, 'stop');
    expect(await waitForRun(page, ['stopped', 'failed'])).toBe('stopped');
    const [run] = await keptRuns(page);
    expect(run).toMatchObject({ state: 'stopped', weightHashes: [expect.any(String)] });
    expect(run!.step).toBeGreaterThan(before);
    expect(faults).toEqual([]);
  } finally {
    await silent.close();
  }
}, 180_000);

test('a storage that is full: what fits is kept, the rest stays in the tab, which says so', async () => {
  const { page, faults } = await visit();
  const client = await page.createCDPSession();
  await client.send('Storage.overrideQuotaForOrigin', { origin: served.origin, quotaSize: 80e6 });
  await page.waitForSelector('[data-act=download]');
  await page.$eval('[data-act=download]', (button) => (button as HTMLElement).click());
  await waitForText(page, '#data-chip', /this tab only/);
  await waitForText(page, '.notices', /gone with it: this browser’s storage is full/, 5000);
  await untilTrainable(page, /^Train$/);
  await page.reload();
  await waitForText(page, '.notices', /CIFAR-10 is needed[\s\S]*12\d MB/);
  expect(faults).toEqual([]);
}, 60_000);

async function choose(page: Page, paths: readonly string[]): Promise<void> {
  const input = (await page.waitForSelector('#data-files')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(...paths);
}

test('chosen files: a picture is refused in one line, five of the six files and a cut archive say what is missing, the archive is kept', async () => {
  const { page, faults } = await visit();
  const picture = join(folder, 'cat.jpg');
  writeFileSync(picture, new Uint8Array(5000));
  await choose(page, [picture]);
  await waitForText(page, '.notices .notice', /not CIFAR-10/);
  const details = await page.$eval('.notices .notice pre', (pre) => pre.textContent!);
  expect(details).toMatch(/^cat\.jpg is no file of CIFAR-10: it has 5000 bytes/);
  await press(page, '.notices [data-act=dismiss]');
  await page.waitForFunction(() => document.querySelector('.notices .notice') === null);
  expect(details).not.toContain('\n');
  // Nobody has agreed to a download.
  await untilTrainable(page, /^Download 184 MB and train$/);

  await choose(page, served.dataFiles.slice(0, 5));
  await waitForText(page, '.notices .notice', /not whole[\s\S]*still missing: test_batch\.bin/);

  const archive = join(folder, 'cifar-10-binary.tar.gz');
  const cut = join(folder, 'cut.tar.gz');
  await create(
    { file: archive, gzip: { level: 0 }, cwd: dirname(served.dataFiles[0]!), portable: true },
    served.dataFiles.map((path) => basename(path)),
  );
  const start = new Uint8Array(50e6);
  const file = await open(archive);
  await file.read(start);
  await file.close();
  writeFileSync(cut, start);
  await page.reload();
  await choose(page, [cut]);
  await waitForText(page, '.notices .notice', /cut\.tar\.gz/);
  const memory = await watchMemory(page);
  await choose(page, [archive]);
  await waitForText(page, '#data-chip', /on this device/);
  expectLittle(await memory());
  await waitForText(page, '.notices', /^\s*$/, 5000);
  await untilTrainable(page, /^Train$/);

  // A wrong file changes nothing about the data that are there.
  await page.$eval(
    '#view-train',
    (view, name) => {
      const dropped = new DataTransfer();
      dropped.items.add(new File(['no data'], name));
      view.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: dropped }));
    },
    'cat.jpg',
  );
  await waitForText(page, '.notices .notice', /not CIFAR-10/);
  await waitForText(page, '#data-chip', /on this device/, 5000);
  expect(faults).toEqual([]);
  expect(served.asked).toEqual([]);
}, 120_000);

test('six chosen files are known by their content', async () => {
  const { page, faults } = await visit();
  const memory = await watchMemory(page);
  await choose(page, served.dataFiles.toReversed());
  await waitForText(page, '#data-chip', /on this device/);
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
  expectLittle(await memory());
  expect(served.asked).toEqual([]);
  expect(faults).toEqual([]);
}, 120_000);

test('data that another tab has deleted: the run that misses them says so, and they can be had again', async () => {
  const { page } = await visit();
  await choose(page, served.dataFiles);
  await waitForText(page, '#data-chip', /on this device/);
  await page.evaluate(async () => {
    const kept = await (await navigator.storage.getDirectory()).getDirectoryHandle('cifar10');
    const names: string[] = [];
    for await (const name of kept.keys()) names.push(name);
    for (const name of names) await kept.removeEntry(name);
  });
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('failed');
  await waitForText(page, '.notices', /CIFAR-10 is needed[\s\S]*is not on this device/, 5000);
  await waitForText(page, '#data-chip', /needed/, 5000);
  await untilTrainable(page, /^Download 184 MB and train$/);
  await act(page, 'train');
  expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
}, 120_000);
