/** Rounds of the `page` suite that train nothing: how soon the page is painted and knows the GPU, and how soon it draws many points. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import { pageEnd } from '../src/hosts/chrome/page-end.ts';
import { projectRoot } from '../src/hosts/project-root.ts';
import type { RunMetrics, RunRecord } from '../src/page/model/run-record.ts';
import { commandResult, commandRounds } from './command-rounds.ts';
import type { MeasureRequest, MeasureResult } from './protocol.ts';
import { setDesktopView, withServedPage } from './served-page.ts';
import { openingGroup, openingRows, overlaid, overlayRows, pageGroups } from './suites/page-suite.ts';

/** A page that takes longer has failed, ms. */
const patienceMs = 60_000;

/** Times the page until the budget is spent or the signal ends it. */
export async function measureShown(
  request: MeasureRequest,
  onRound: (done: number, planned: number) => void,
  stop: AbortSignal,
): Promise<MeasureResult> {
  const group = pageGroups().find(({ id }) => id === request.id)!;
  return withServedPage(stop, async ({ browser, origin }) => {
    const round =
      request.id === openingGroup ? () => opening(browser, origin) : await overlay(browser, origin);
    const samples = new Map(group.rows.map((name) => [name, [] as number[]]));
    await commandRounds(request, onRound, stop, async () => {
      for (const [name, ms] of Object.entries(await round())) samples.get(name)!.push(1e6 * ms);
      return true;
    });
    const validation = { ok: true, how: 'the page showed it' };
    return commandResult(group, samples, { op: request.id, repeats: 1, validation });
  });
}

/** Milliseconds by row. */
async function opening(browser: Browser, origin: string): Promise<Record<string, number>> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    return await Promise.race([openingTimes(page, origin), pageEnd(browser, page)]);
  } finally {
    await context.close();
  }
}

async function openingTimes(page: Page, origin: string): Promise<Record<string, number>> {
  await setDesktopView(page);
  // When the verdict stands in the document, told by the document itself: it is asked when all is over.
  await page.evaluateOnNewDocument(() => {
    const seen = new MutationObserver(() => {
      if (!/ready|slow/.test(document.getElementById('gpu-chip')?.textContent ?? '')) return;
      performance.mark('verdict');
      seen.disconnect();
    });
    seen.observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(origin);
  await page.waitForFunction(() => performance.getEntriesByName('verdict').length > 0, {
    timeout: patienceMs,
    polling: 200,
  });
  const [paint, verdict] = await page.evaluate(() =>
    ['first-paint', 'verdict'].map((name) => performance.getEntriesByName(name)[0]!.startTime),
  );
  return { [openingRows.paint]: paint!, [openingRows.verdict]: verdict! };
}

/** A run of so many reports: the recorded example's, with curves of its own. */
function manyPoints(run: number): { readonly record: RunRecord; readonly metrics: RunMetrics } {
  const path = join(projectRoot, 'src/page/example/quick-look.json');
  const { record } = JSON.parse(readFileSync(path, 'utf8')) as { record: RunRecord };
  const each = (of: (i: number) => number) => Array.from({ length: overlaid.points }, (_, i) => of(i));
  return {
    record: { ...record, id: `run-${run}`, name: `run ${run}`, style: run },
    metrics: {
      replicas: 1,
      steps: each((i) => i + 1),
      loss: each((i) => 2.3 * Math.exp(-i / (4000 + 400 * run)) + 0.1 * Math.sin(i * (run + 1))),
      accuracy: each((i) => 0.6 - 0.5 * Math.exp(-i / (4000 + 400 * run)) + 0.02 * Math.sin(i * (run + 1))),
      rate: each(() => 0.1),
      validationSteps: [],
      validationLoss: [],
      validationAccuracy: [],
    },
  };
}

/** A page with many runs in the browser's store, side by side. Returns what times a change of the metric. */
async function overlay(browser: Browser, origin: string): Promise<() => Promise<Record<string, number>>> {
  const page = await browser.newPage();
  const ended = pageEnd(browser, page);
  await Promise.race([showRuns(page, origin), ended]);
  const metrics = ['loss', 'accuracy'];
  let round = 0;
  return () => Promise.race([changeMetric(page, metrics[round++ % metrics.length]!), ended]);
}

async function showRuns(page: Page, origin: string): Promise<void> {
  await setDesktopView(page);
  await page.goto(`${origin}/#/runs`);
  await page.waitForSelector('#view-runs:not([hidden])');
  for (let run = 0; run < overlaid.runs; run++) {
    await page.evaluate(async ({ record, metrics }) => {
      const request = indexedDB.open('wgrad');
      await new Promise((resolve) => request.addEventListener('success', resolve));
      const transaction = request.result.transaction(['runs', 'metrics'], 'readwrite');
      transaction.objectStore('runs').put(record, record.id);
      transaction.objectStore('metrics').put(metrics, record.id);
      await new Promise((resolve) => transaction.addEventListener('complete', resolve));
      request.result.close();
    }, manyPoints(run));
  }
  await page.reload();
  await page.waitForSelector('.runs tbody tr');
  for (const box of await page.$$('.runs tbody td input[type=checkbox]:not(:checked)')) await box.click();
  await page.waitForFunction(
    (runs) => document.querySelectorAll('#view-runs .u-legend .u-series').length > runs,
    { timeout: patienceMs },
    overlaid.runs,
  );
}

async function changeMetric(page: Page, metric: string): Promise<Record<string, number>> {
  const [draws, rests] = await page.evaluate(async (wanted) => {
    const select = [...document.querySelectorAll<HTMLSelectElement>('#view-runs figure select')].find(
      ({ options }) => [...options].some(({ value }) => value === 'loss'),
    )!;
    const painted = () =>
      new Promise<number>((resolve) =>
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))),
      );
    const timed = async (change: () => void) => {
      const from = await painted();
      change();
      return (await painted()) - from;
    };
    const rest = await timed(() => {});
    const drawn = await timed(() => {
      select.value = wanted;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    });
    return [drawn, rest];
  }, metric);
  return { [overlayRows.draws]: draws!, [overlayRows.rests]: rests! };
}
