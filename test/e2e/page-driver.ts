// The page in headless Chrome, as the tests of the page drive it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'puppeteer';
import type { RunMetrics, RunRecord } from '../../src/page/model/run-record.ts';

/** A tab, and what should not have happened in it. */
export interface Tab {
  readonly page: Page;
  readonly faults: string[];
}

/** Opens the page at `path`, such as `#/runs`. `prepare` runs before it loads. */
export async function openTab(
  browser: Pick<Browser, 'newPage'>,
  origin: string,
  path = '',
  prepare: (page: Page) => Promise<unknown> = async () => {},
): Promise<Tab> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const { protocol, origin: to } = new URL(request.url());
    if (/^https?:$/.test(protocol) && to !== new URL(origin).origin) faults.push(`asks ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.url()}: ${response.status()}`);
  });
  page.on('dialog', (dialog) => void dialog.accept());
  await prepare(page);
  await page.goto(`${origin}/${path}`);
  return { page, faults };
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element.textContent ?? '').replace(/\s+/g, ' ').trim());

/** Waits until an element has this text. */
export async function waitForText(page: Page, selector: string, pattern: RegExp, ms = 60_000): Promise<void> {
  await page.waitForFunction(
    (where, source) => new RegExp(source).test(document.querySelector(where)?.textContent ?? ''),
    { timeout: ms, polling: 50 },
    selector,
    pattern.source,
  );
}

/** Does the page's worker answer? Where a run does not end, this tells what waits: its thread, or a promise in it. */
async function workerState(page: Page): Promise<string> {
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 3000, 'does not answer'));
  const answers = page
    .workers()
    .map((worker) => worker.evaluate(() => 'answers').catch((error: unknown) => `cannot be asked: ${error}`));
  return answers.length === 0 ? 'is not there' : Promise.race([Promise.all(answers).then(String), silence]);
}

/** Waits until the run is in one of these states. @throws Error with what the page says where it is not in time */
export async function waitForRun(page: Page, states: readonly string[], ms = 50_000): Promise<string> {
  try {
    const found = await page.waitForFunction(
      (wanted) => wanted.find((state) => document.body.dataset.run === state),
      { timeout: ms, polling: 50 },
      states,
    );
    return (await found.jsonValue()) as string;
  } catch (error) {
    const { state, shown } = await page.evaluate(() => ({
      state: document.body.dataset.run,
      shown: document.body.innerText.slice(0, 1500),
    }));
    throw new Error(
      `the run is ${state}, not ${states.join(' or ')}, after ${ms} ms; the worker ${await workerState(page)}; the page says: ${shown}`,
      { cause: error },
    );
  }
}

export const waitForGpu = (page: Page): Promise<void> => waitForText(page, '#gpu-chip', /ready|slow/);

/** Steps done, as the run bar says. */
export async function stepsDone(page: Page): Promise<number> {
  return Number((await textOf(page, '#run-step')).replace(/,/g, '').split(' ')[0]);
}

export async function waitForStep(page: Page, step: number, ms = 30_000): Promise<void> {
  const done = page.waitForFunction(
    (least) =>
      Number((document.querySelector('#run-step')?.textContent ?? '0').replace(/,/g, '').split(' ')[0]) >=
      least,
    { timeout: ms, polling: 50 },
    step,
  );
  await done.catch(async (error: unknown) => {
    throw new Error(`step ${await stepsDone(page)} is shown after ${ms} ms, not ${step}`, { cause: error });
  });
}

/** Presses a button of the form, once it is there and can be pressed. */
export const act = (page: Page, name: string, ms?: number): Promise<void> =>
  press(page, `.settings [data-act=${name}]:not([disabled])`, ms);

/** Clicks an element as soon as it is there: itself, since notices that come and go move it from under a mouse, and a painting may replace it. */
export async function press(page: Page, selector: string, ms = 20_000): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const button = document.querySelector<HTMLElement>(wanted);
      button?.click();
      return button !== null;
    },
    { timeout: ms, polling: 20 },
    selector,
  );
}

/** Keeps from the start what the status region says, and when. Before the page loads. */
export const listen = (page: Page) =>
  page.evaluateOnNewDocument(() => {
    const said: Announcement[] = [];
    Object.assign(window, { said });
    document.addEventListener('DOMContentLoaded', () => {
      const status = document.getElementById('status')!;
      new MutationObserver(() => said.push({ text: status.textContent!, ms: performance.now() })).observe(
        status,
        { childList: true, characterData: true, subtree: true },
      );
    });
  });

export interface Announcement {
  readonly text: string;
  readonly ms: number;
}

export const said = (page: Page): Promise<Announcement[]> =>
  page.evaluate(() => (window as unknown as { said: Announcement[] }).said);

/** What this browser keeps of its runs, the newest first. */
export async function keptRuns(page: Page): Promise<readonly KeptRun[]> {
  return page.evaluate(async () => {
    const opening = indexedDB.open('wgrad');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.addEventListener('success', () => resolve(opening.result));
      opening.addEventListener('error', () => reject(opening.error));
    });
    const all = (store: string) =>
      new Promise<unknown[]>((resolve) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.addEventListener('success', () => resolve(request.result));
      });
    const keys = (store: string) =>
      new Promise<unknown[]>((resolve) => {
        const request = database.transaction(store).objectStore(store).getAllKeys();
        request.addEventListener('success', () => resolve(request.result));
      });
    const hex = async (bytes: Uint8Array<ArrayBuffer>) =>
      Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join('');
    const weightsOf = new Map<unknown, string[]>();
    const files = (await all('weights')) as Uint8Array<ArrayBuffer>[][];
    for (const [i, key] of (await keys('weights')).entries()) {
      weightsOf.set(key, await Promise.all((files[i] ?? []).map(hex)));
    }
    const runs = (await all('runs')) as { id: string; startedAt: string }[];
    database.close();
    return runs
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
      .map((run) => ({ ...run, weightHashes: weightsOf.get(run.id) ?? [] })) as unknown as KeptRun[];
  });
}

/** What is kept of a run's curves. */
export async function keptMetrics(page: Page, id: string): Promise<RunMetrics | undefined> {
  return page.evaluate(async (key) => {
    const opening = indexedDB.open('wgrad');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.addEventListener('success', () => resolve(opening.result));
      opening.addEventListener('error', () => reject(opening.error));
    });
    const request = database.transaction('metrics').objectStore('metrics').get(key);
    await new Promise((resolve) => request.addEventListener('success', resolve));
    database.close();
    return request.result as RunMetrics | undefined;
  }, id);
}

export interface KeptRun {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly perSeed: RunRecord['perSeed'];
  /** By call. */
  readonly variants: Readonly<Record<string, string>>;
  /** SHA-256 of each seed's weights. */
  readonly weightHashes: readonly string[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings of axe on the page as it is, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
      );
  });
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** How much wider than the window the page is, at 320 px. */
export async function overflowAt320(page: Page): Promise<number> {
  const before = page.viewport();
  await page.setViewport({ width: 320, height: 640 });
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.setViewport(before ?? { width: 1280, height: 900 });
  return overflow;
}
