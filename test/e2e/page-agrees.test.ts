// What the page trains is what `npm run train` trains: the same settings end with the same bits, on whichever of the two.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultDataset } from '../../src/data/datasets/index.ts';
import { experiments } from '../../src/experiments/experiments.ts';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type PageServer, startPageServer } from '../../src/hosts/chrome/page-server.ts';
import { startCommand } from './command.ts';
import {
  act,
  type KeptRun,
  keptMetrics,
  keptRuns,
  openTab,
  waitForGpu,
  waitForRun,
  waitForText,
} from './page-driver.ts';

let server: PageServer;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  const log = (line: string) => console.error(line);
  server = await startPageServer({ dataset: defaultDataset, page: 'index.html', log });
  browser = await launchChrome({ log });
  folder = mkdtempSync(join(tmpdir(), 'wgrad-agrees-'));
}, 900_000); // Where the data are missing, they are downloaded.

afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

interface Score {
  readonly accuracy: number;
  readonly loss: number;
}

/** What both say of a run; reports are means over so many steps that both have some at the same step. */
interface Said {
  readonly weights: readonly string[];
  readonly perSeed: readonly ReturnType<typeof scoresOf>[];
  /** By step: per seed. */
  readonly validations: ReadonlyMap<number, readonly Score[]>;
  readonly losses: ReadonlyMap<number, readonly number[]>;
  readonly variants: Readonly<Record<string, string>>;
}

type Options = Readonly<Record<string, string>>;

/** What both say of a seed. */
const scoresOf = (score: KeptRun['perSeed'][number]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(score).filter(([key]) => /^(seed$|validation|test)/.test(key)));

const isExperiment = (start: string): boolean => experiments.some(({ name }) => name === start);

/** `start`: an experiment, or a net by name. */
async function byCommand(start: string, seeds: number, options: Options): Promise<Said> {
  const out = join(folder, `${start}-${seeds}`);
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const all = [
    isExperiment(start) ? '--experiment' : '--net',
    start,
    '--seeds',
    `${seeds}`,
    ...args,
    '--no-tune',
    '--out',
    out,
  ];
  const { status, stderr } = await startCommand('train', all).outcome;
  expect(status, stderr).toBe(0);
  const { perSeed, variants } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const names = seeds === 1 ? ['weights'] : Array.from({ length: seeds }, (_, i) => `weights.${i + 1}`);
  return {
    weights: names.map((name) =>
      createHash('sha256')
        .update(readFileSync(join(out, `${name}.safetensors`)))
        .digest('hex'),
    ),
    perSeed: perSeed.map(scoresOf),
    validations: new Map(
      lines.filter(({ type }) => type === 'validation').map(({ step, validation }) => [step, validation]),
    ),
    losses: new Map(lines.filter(({ type }) => type === 'train').map(({ step, loss }) => [step, loss])),
    variants,
  };
}

async function onPage(start: string, seeds: number, options: Options): Promise<Said> {
  const query = new URLSearchParams({ v: '1', e: start, seeds: `${seeds}`, ...options });
  const { page, faults } = await openTab(browser, server.origin, `#/train?${query}`);
  await waitForGpu(page);
  await page.waitForSelector('.settings [data-act=train]:not([disabled])');
  await act(page, 'train');
  await waitForText(page, '#data-chip', /on this device/);
  await waitForRun(page, ['preparing', 'running', 'testing']);
  expect(await waitForRun(page, ['finished', 'failed'], 120_000)).toBe('finished');
  const [run] = await keptRuns(page);
  const metrics = (await keptMetrics(page, run!.id))!;
  expect(faults).toEqual([]);
  await page.close();
  const rows = <T>(steps: readonly number[], of: (index: number) => T) =>
    new Map(
      steps.map(
        (step, i) => [step, Array.from({ length: seeds }, (_, seed) => of(i * seeds + seed))] as const,
      ),
    );
  const { steps, loss, validationSteps, validationAccuracy, validationLoss } = metrics;
  return {
    weights: run!.weightHashes,
    perSeed: run!.perSeed.map(scoresOf),
    validations: rows(validationSteps, (i) => ({
      loss: validationLoss[i]!,
      accuracy: validationAccuracy[i]!,
    })),
    losses: rows(steps, (i) => loss[i]!),
    variants: run!.variants,
  };
}

const cases: readonly { readonly start: string; readonly seeds: number; readonly options: Options }[] = [
  // More steps than a brief run has, several validations, two seeds of which the mean is nobody's.
  { start: 'base', seeds: 2, options: { hidden: '20', 'val-size': '20000', steps: '310' } },
  // Crops and Adam.
  { start: 'adam', seeds: 1, options: { hidden: '20,10', crop: '2', steps: '40' } },
  // Averaged over views of each image, too.
  { start: 'patch-4-10-50', seeds: 1, options: { steps: '20', tta: 'flip' } },
];

test.each(cases)(
  '$start, $seeds seeds, $options',
  async ({ start, seeds, options }) => {
    const command = await byCommand(start, seeds, options);
    const page = await onPage(start, seeds, options);
    expect(page.variants).toEqual(command.variants);
    expect(page.weights).toHaveLength(seeds);
    expect(page.weights).toEqual(command.weights);
    expect(page.perSeed).toEqual(command.perSeed);
    expect(typeof page.perSeed[0]!.testAccuracyOverViews).toBe('tta' in options ? 'number' : 'undefined');
    expect(page.validations).toEqual(command.validations);
    // The page reports every 10 steps, as float32, the command every 50: a mean of means.
    expect(command.losses.size).toBeGreaterThan(0);
    let from = 0;
    for (const [step, losses] of command.losses) {
      const within = [...page.losses].filter(([at]) => at > from && at <= step);
      let before = from;
      const sums = losses.map(() => 0);
      for (const [at, means] of within) {
        for (const [r, mean] of means.entries()) sums[r]! += mean * (at - before);
        before = at;
      }
      expect(before).toBe(step);
      for (const [r, loss] of losses.entries()) expect(sums[r]! / (step - from)).toBeCloseTo(loss, 5);
      from = step;
    }
  },
  240_000,
);
