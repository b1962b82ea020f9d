import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mean, meanMargin } from '../../src/experiments/statistics.ts';
import { type Outcome, startCommand } from './command.ts';

// `npm run experiments` as its users run it, on the real data, in real headless Chrome, for a few steps.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-experiments-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (out: string, ...args: string[]): Promise<Outcome> =>
  startCommand('experiments', [...args, '--out', join(folder, out)]).outcome;
const path = (...parts: string[]) => join(folder, ...parts);
const bytes = (...parts: string[]) => new Uint8Array(readFileSync(path(...parts)));
const json = (...parts: string[]) => JSON.parse(readFileSync(path(...parts), 'utf8'));
const lines = (...parts: string[]) =>
  readFileSync(path(...parts), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number; msPerStep?: number });

describe('base and what shares its training, two seeds', () => {
  const args = ['--only', 'base', '--seeds', '2', '--steps', '60'];
  let first: Outcome;
  beforeAll(async () => {
    first = await run('two', ...args);
    expect(first.status, first.stderr).toBe(0);
  }, 300_000);

  test('table, report, results, metrics and weights', () => {
    expect(first.stderr).toMatch(/^training 1 of 1: base, precise-bn, adaptive-bn$/m);
    expect(first.stderr).toMatch(/^base, precise-bn, adaptive-bn 60\/60 .* s left$/m);
    expect(first.stdout).toMatch(/^\| precise-bn +\| +0\.548 \| 0\.\d{4} ± 0\.\d{4} \|/m);
    expect(first.stdout).toContain(readFileSync(path('two', 'report.md'), 'utf8').trim());
    expect(readFileSync(path('two', 'report.html'), 'utf8')).not.toMatch(/<script|https?:/);
    for (const name of ['base', 'precise-bn', 'adaptive-bn']) {
      expect(lines('two', name, 'metrics.jsonl').map(({ step }) => step)).toEqual([50, 60, 60]);
      expect(existsSync(path('two', name, 'weights.2.safetensors'))).toBe(true);
    }
  });

  test('the table can be computed from results.json', () => {
    const { experiments, comparison } = json('two', 'results.json');
    expect(experiments.map(({ name }: { name: string }) => name)).toEqual([
      'base',
      'precise-bn',
      'adaptive-bn',
    ]);
    for (const [i, { perSeed }] of experiments.entries()) {
      const accuracies = perSeed.map(({ testAccuracy }: { testAccuracy: number }) => testAccuracy);
      const { test: ours } = comparison.rows[i];
      expect(ours).toEqual({ mean: mean(accuracies), margin: meanMargin(accuracies) });
      for (const { testAccuracy, confusion } of perSeed) {
        // The diagonal of the confusion matrix is what was right.
        const right = Array.from({ length: 10 }, (_, c) => confusion[11 * c]).reduce((a, b) => a + b);
        expect(right / 10_000).toBeCloseTo(testAccuracy, 10);
        expect(confusion.reduce((a: number, b: number) => a + b)).toBe(10_000);
      }
    }
  });

  test('only the statistics of batch norm differ, and they are those of train --bn-stats', {
    timeout: 180_000,
  }, async () => {
    const init = path('two', 'base', 'weights.2.safetensors');
    const out = path('replaced');
    const { outcome } = startCommand('train', [
      ...['--no-tune', '--init', init, '--steps', '0', '--seed', '2'],
      ...['--bn-stats', 'precise:10000', '--out', out],
    ]);
    await outcome;
    expect(bytes('replaced', 'weights.safetensors')).toEqual(
      bytes('two', 'precise-bn', 'weights.2.safetensors'),
    );
    expect(bytes('replaced', 'weights.safetensors')).not.toEqual(
      bytes('two', 'base', 'weights.2.safetensors'),
    );
    const { testAccuracy, testLoss } = json('two', 'precise-bn', 'result.json').perSeed[1];
    expect(json('replaced', 'summary.json').perSeed[0]).toMatchObject({ testAccuracy, testLoss });
  });

  test('the same command again trains nothing', { timeout: 60_000 }, async () => {
    const before = readFileSync(path('two', 'base', 'result.json'), 'utf8');
    const { status, stdout, stderr } = await run('two', ...args);
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/^base, precise-bn, adaptive-bn: finished before$/m);
    expect(stderr).not.toMatch(/^training/m);
    expect(stdout).toBe(first.stdout);
    expect(readFileSync(path('two', 'base', 'result.json'), 'utf8')).toBe(before);
  });

  test.each([
    [
      'other seeds',
      ['--only', 'base', '--seeds', '3', '--steps', '60'],
      /base\/result\.json was made with other settings \(replicas\): use another --out/,
    ],
    [
      'other steps',
      ['--only', 'base', '--seeds', '2', '--steps', '70'],
      /made with other settings \(steps\)/,
    ],
    ['tuned settings', [...args, '--tuned'], /made with other settings \(schedule, lambda, valSize, flip\)/],
  ] as const)('%s in the same folder: one line', { timeout: 60_000 }, async (_, other, message) => {
    const { status, stdout, stderr } = await run('two', ...other);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test.each([
    [
      'result.json',
      'a damaged result',
      /base\/result\.json is damaged: .*delete it to run the experiment again/,
    ],
    [
      'checkpoint.safetensors',
      'a damaged checkpoint',
      /base\/checkpoint\.safetensors is damaged: .*delete it to train base from the start/,
    ],
  ] as const)('%s: %s is one line', { timeout: 60_000 }, async (file, _, message) => {
    cpSync(path('two'), path(`damaged ${file}`), { recursive: true });
    const damaged = path(`damaged ${file}`, 'base', file);
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 1000));
    if (file !== 'result.json') rmSync(path(`damaged ${file}`, 'adaptive-bn', 'result.json'));
    const { status, stderr } = await run(`damaged ${file}`, ...args);
    expect(stderr.trim().split('\n').at(-1)).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(2);
  });
});

/** Loaded into a command ahead of it: kills it as soon as a file has its name. */
const killsItself = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (to === process.env.WGRAD_TEST_KILL_BEHIND) process.kill(process.pid, 'SIGKILL');
  };
  syncBuiltinESMExports();
`;

test('killed in the middle and started again, it ends with the bits of an uninterrupted run', {
  timeout: 600_000,
}, async () => {
  const args = ['--only', 'adam', '--seeds', '1', '--steps', '480'];
  const whole = await run('whole', ...args);
  expect(whole.status, whole.stderr).toBe(0);
  expect(whole.stderr).toMatch(/^1 seed: the table will have no intervals and no tests/m);
  expect(whole.stdout).toMatch(/^- 1 seed: no intervals and no tests, which need at least 2 seeds/m);

  // After the first epoch of 450 steps, by itself: from outside it could be at the end before anybody has seen its checkpoint.
  const script = path('kill.mjs');
  writeFileSync(script, killsItself);
  const env = {
    NODE_OPTIONS: `--import ${pathToFileURL(script)}`,
    WGRAD_TEST_KILL_BEHIND: path('parts', 'adam', 'checkpoint.safetensors'),
  };
  const allArgs = [...args, '--out', path('parts')];
  const killed = await startCommand('experiments', allArgs, undefined, env).outcome;
  expect(killed.status, killed.stderr).toBeNull();
  expect(existsSync(path('parts', 'adam', 'result.json'))).toBe(false);

  const again = await run('parts', ...args);
  expect(again.status, again.stderr).toBe(0);
  expect(again.stderr).toMatch(/^goes on at step 450$/m);
  for (const file of ['weights.safetensors', 'checkpoint.safetensors']) {
    expect(bytes('parts', 'adam', file)).toEqual(bytes('whole', 'adam', file));
  }
  expect(json('parts', 'adam', 'result.json').perSeed).toEqual(json('whole', 'adam', 'result.json').perSeed);
  const untimed = (run: string) =>
    lines(run, 'adam', 'metrics.jsonl').map(({ msPerStep: _, ...line }) => line);
  expect(untimed('parts')).toEqual(untimed('whole'));
});

test('another study: its experiments, figures and table', { timeout: 120_000 }, async () => {
  const args = ['--study', 'initialisation', '--only', 'sigma-1e-3-no-bn', '--seeds', '2', '--steps', '20'];
  const { status, stdout, stderr } = await run('study', ...args);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^training 1 of 1: sigma-1e-3-no-bn$/m);
  expect(stdout).toMatch(/^\| sigma-1e-3-no-bn \| 0\.1 to 0\.21 \| 0\.\d{4} ± 0\.\d{4} \|/m);
  expect(stdout).toMatch(/^- No differences: they need the results of base/m);
  const { study, experiments } = json('study', 'results.json');
  expect(study).toBe('initialisation');
  const { init, net } = experiments[0].settings;
  expect(init).toEqual({ sigma: 0.001 });
  expect(net.layers.map(({ kind }: { kind: string }) => kind)).not.toContain('batch-norm');
  expect(readFileSync(path('study', 'report.html'), 'utf8')).not.toMatch(/[" >](NaN|undefined|Infinity)/);
});

describe('bad input is one line and exit status 2:', () => {
  test.each([
    [
      'an experiment that does not exist',
      ['--only', 'base,deep'],
      /^experiments: --only must be names from base, .*, wide, got "deep"/,
    ],
    [
      'a study that does not exist',
      ['--study', 'depth'],
      /^experiments: --study depth is unknown: allowed choices are report, initialisation/,
    ],
    [
      'an experiment of another study',
      ['--study', 'initialisation', '--only', 'adam'],
      /^experiments: --only must be names from base, sigma-1e-1, .* of --study initialisation, got "adam"/,
    ],
    [
      'tuned settings that a study does not have',
      ['--study', 'initialisation', '--tuned'],
      /^experiments: --tuned: no experiment of --study initialisation has tuned settings/,
    ],
    [
      'tuned settings on another data set',
      ['--dataset', 'cifar100', '--tuned'],
      /^experiments: --tuned: settings are tuned for cifar10 alone, not for --dataset cifar100/,
    ],
    ['no seeds', ['--seeds', '0'], /^experiments: --seeds must be a whole number from 1 to 1024, got "0"/],
    ['an unknown flag', ['--tune'], /^experiments: unknown option '--tune' \(Did you mean --tuned\?\)/],
    ['a folder without data', ['--data', tmpdir()], /^experiments: .*data_batch_1\.bin/],
  ] as const)('%s', { timeout: 60_000 }, async (_, args, message) => {
    const { status, stdout, stderr } = await run('never', ...args);
    expect(stderr.trim().split('\n').at(-1)).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    expect(existsSync(path('never'))).toBe(false);
  });
});
