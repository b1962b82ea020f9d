import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, startCommand } from './command.ts';

// `npm run search` as its users run it, on the real data, in real headless Chrome, for a few steps.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-search-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (out: string, ...args: string[]) =>
  startCommand('search', [...args, '--out', join(folder, out)]);

const run = (out: string, ...args: string[]): Promise<Outcome> => start(out, ...args).outcome;
const path = (...parts: string[]) => join(folder, ...parts);
const json = (...parts: string[]) => JSON.parse(readFileSync(path(...parts), 'utf8'));

/** Halving, and a rate that diverges; 500 training images, so that a cycle of 10 steps ends two epochs. */
const args = [
  ...['--hidden', '12', '--depth', '1', '--bn', 'none', '--lambda', '0.001', '--lr-max', '0.05,0.1,1e30'],
  ...['--cycle-steps', '5', '--cycles', '2', '--halving', '--val-size', '49500'],
];

describe('three rates', () => {
  let first: Outcome;
  beforeAll(async () => {
    first = await run('whole', ...args);
    expect(first.status, first.stderr).toBe(0);
  }, 300_000);

  test('table, report and results', () => {
    expect(first.stderr).toMatch(/^grid: 3 candidates \(1 net, 1 optimizer, 1 round\) with 1 seed each/m);
    expect(first.stderr).toMatch(/^population 12-sgd\/rung-2: 2 replicas, .* goes on at step 10$/m);
    expect(first.stdout).toMatch(/^\| +1 \| 12 +\| +0\.001 \| +0\.(05|1) \| +20 \| +0\.\d{4} \|/m);
    expect(first.stdout).toMatch(/^- 1 diverged: a loss was not finite\.$/m);
    expect(first.stdout).toMatch(
      /^train it anew: npm run train -- --bn none .*--lr-max 0\.(05|1) --lr-min /m,
    );
    expect(readFileSync(path('whole', 'report.html'), 'utf8')).not.toMatch(/<script|https?:|NaN/);
    const { candidates, plan, populations } = json('whole', 'results.json');
    expect(candidates.map(({ steps }: { steps: number }) => steps)).toEqual([20, 20, 10]);
    const diverged = candidates.filter(({ accuracy }: { accuracy: number | null }) => accuracy === null);
    expect(diverged.map(({ lrMax }: { lrMax: number }) => lrMax)).toEqual([1e30]);
    expect(diverged[0].trials[0]).toMatchObject({
      validationAccuracy: null,
      divergedAtStep: expect.any(Number),
    });
    expect(plan.steps).toBe(20);
    expect(populations).toHaveLength(2);
    expect(existsSync(path('whole', '12-sgd', 'rung-1', 'metrics.jsonl'))).toBe(true);
    // Nothing of the test split.
    expect(readFileSync(path('whole', 'results.json'), 'utf8')).not.toMatch(/"test/);
  });

  test('the same command again trains nothing', { timeout: 60_000 }, async () => {
    const { status, stdout, stderr } = await run('whole', ...args);
    expect(status, stderr).toBe(0);
    expect(stderr).not.toMatch(/^(population|data)/m);
    expect(stdout).toBe(first.stdout);
  });

  test('killed and started again, it goes on and ends the same', { timeout: 300_000 }, async () => {
    const { child, outcome } = start('parts', ...args);
    while (!existsSync(path('parts', '12-sgd', 'rung-1', 'result.json'))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(child.exitCode).toBeNull();
    }
    child.kill('SIGKILL');
    await outcome;
    const again = await run('parts', ...args);
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).not.toMatch(/^population 12-sgd\/rung-1/m);
    expect(json('parts', 'results.json').candidates).toEqual(json('whole', 'results.json').candidates);
  });

  test('other settings in the same folder: one line', { timeout: 60_000 }, async () => {
    const { status, stdout, stderr } = await run('whole', ...args, '--flip');
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^search: .*results\.json was made with other settings \(flip\): use another --out/,
    );
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});

test('bad input is one line and exit status 2', { timeout: 60_000 }, async () => {
  const { status, stdout, stderr } = await run('never', '--lambda', '1..0.1');
  expect(stderr.trim()).toMatch(/^search: --lambda must be a range from small to large, got "1\.\.0\.1"/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(2);
  expect(existsSync(path('never'))).toBe(false);
});
