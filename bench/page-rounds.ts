/** Rounds of the `page` suite that train: by `npm run train`, and the same on the built page in the foreground, one after the other in alternating order. */
import type { Page } from 'puppeteer';
import { pageEnd } from '../src/hosts/chrome/page-end.ts';
import { percent } from '../src/page/format.ts';
import { commandResult, commandRounds } from './command-rounds.ts';
import type { MeasureRequest, MeasureResult } from './protocol.ts';
import { setDesktopView, withServedPage } from './served-page.ts';
import { headlessRow, type PageTraining, pageGroups, pageRow } from './suites/page-suite.ts';
import { trainCommand } from './train-command.ts';

/** A training that takes longer has failed, ms. */
const trainingMs = 600_000;

/** One training: from the first step to the last, with the validations in between. */
interface Timed {
  readonly ms: number;
  /** Of each seed, in percent with one decimal. */
  readonly testAccuracy: string;
}

/** Times trainings until the budget is spent or the signal ends it. */
export async function measureTraining(
  training: PageTraining,
  request: MeasureRequest,
  onRound: (done: number, planned: number) => void,
  stop: AbortSignal,
): Promise<MeasureResult> {
  const { id, seed } = request;
  const group = pageGroups().find((candidate) => candidate.id === id)!;
  return withServedPage(stop, async ({ browser, origin }) => {
    const page = await browser.newPage();
    const ended = pageEnd(browser, page);
    await setDesktopView(page);
    await page.goto(`${origin}/#/train?v=1&e=base&steps=${training.steps}&seeds=${training.seeds}`);
    const ways: Readonly<Record<string, () => Promise<Timed | undefined>>> = {
      [headlessRow]: () => headless(training, stop),
      [pageRow]: () => Promise.race([onPage(page), ended]),
    };
    const samples = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    const accuracies = new Set<string>();
    await commandRounds(request, onRound, stop, async (before) => {
      const names = Object.keys(ways);
      const round = new Map<string, Timed>();
      for (const name of (before + seed) % 2 === 0 ? names : names.reverse()) {
        const timed = await ways[name]!();
        if (timed === undefined) return false;
        round.set(name, timed);
      }
      for (const [name, { ms, testAccuracy }] of round) {
        samples.get(name)!.push((1e6 * ms) / training.steps);
        accuracies.add(testAccuracy);
      }
      return true;
    });
    const validation = {
      ok: accuracies.size <= 1,
      how: `test accuracy of every run: ${[...accuracies].join(' or ') || 'none was done'}`,
    };
    return commandResult(group, samples, { op: 'training', repeats: training.steps, validation });
  });
}

const meanPercent = (accuracies: readonly number[]): string =>
  percent(accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length);

async function headless({ steps, seeds }: PageTraining, stop: AbortSignal): Promise<Timed | undefined> {
  const done = await trainCommand(['--steps', `${steps}`, '--seeds', `${seeds}`, '--no-tune'], stop);
  if (done === undefined) return undefined;
  const { phases, perSeed } = done.summary;
  const { fromMs, toMs } = phases.find(({ phase }) => phase === 'training')!;
  return { ms: toMs - fromMs, testAccuracy: meanPercent(perSeed.map(({ testAccuracy }) => testAccuracy)) };
}

/** Presses Train, and waits for the end. @throws Error with what the page says where it does not finish */
async function onPage(page: Page): Promise<Timed> {
  const button = '.settings [data-act=train]:not([disabled])';
  await page.waitForSelector(button);
  const timed = await page.evaluate(
    async (selector, limitMs) => {
      const { body } = document;
      document.querySelector<HTMLElement>(selector)!.click();
      const at: Record<string, number> = {};
      await new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          const state = body.dataset.run!;
          at[state] ??= performance.now();
          if (state !== 'finished' && state !== 'failed' && state !== 'stopped') return;
          observer.disconnect();
          resolve();
        });
        observer.observe(body, { attributeFilter: ['data-run'] });
        setTimeout(resolve, limitMs);
      });
      const from = at.running;
      const to = at.testing;
      if (at.finished === undefined || from === undefined || to === undefined || document.hidden) {
        return { problem: body.innerText.slice(0, 500) };
      }
      // The numbers are painted a moment later.
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { ms: to - from, testAccuracy: document.getElementById('run-test')!.textContent! };
    },
    button,
    trainingMs,
  );
  if ('problem' in timed) throw new Error(`the page did not finish: ${timed.problem}`);
  return { ms: timed.ms, testAccuracy: timed.testAccuracy.replace(/^test /, '') };
}
