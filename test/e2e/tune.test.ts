import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { datasetCache } from '../../src/data/files/cache.ts';
import type { TuningRecords } from '../../src/train/tuning-records.ts';
import { startCommand } from './command.ts';

// `npm run tune` and what training makes of it, with a cache of their own.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-tune-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The images come from the user's cache, measurements from and to the folder. */
const run = (command: string, ...args: string[]) =>
  startCommand(command, [...args, '--hidden', '8', '--data', datasetCache(cifar10)], undefined, {
    XDG_CACHE_HOME: folder,
    WGRAD_DATA: '',
  }).outcome;
const tuningPath = () => join(folder, 'wgrad', 'tuning.json');
const measured = /tuning: measuring the variants of (\d+) ops/;
const isStep = (op: string): boolean => op.startsWith('step ');
/** 200 steps are brief. */
const train = (name: string, steps = 201) => run('train', '--steps', `${steps}`, '--out', join(folder, name));
const variantsOf = (name: string) =>
  JSON.parse(readFileSync(join(folder, name, 'summary.json'), 'utf8')).variants as Record<string, string>;

test('tune measures, prints and keeps; train uses what was measured on this adapter alone', {
  timeout: 240_000,
}, async () => {
  const exported = join(folder, 'exported.json');
  const tuned = await run('tune', '--export', exported);
  expect(tuned.status, tuned.stderr).toBe(0);
  expect(tuned.stdout.trim().split('\n').at(-1)).toMatch(/^\d+ ops of 1 adapter written to /);
  expect(readFileSync(exported, 'utf8')).toBe(readFileSync(tuningPath(), 'utf8'));
  expect(tuned.stdout).toMatch(/^matmul-wgrad M=100 N=12 K=8 R=1$/m);
  expect(tuned.stdout).toMatch(/^ {2}\* \S+ +[\d.]+ us +1\.00x$/m);

  const file = JSON.parse(readFileSync(tuningPath(), 'utf8')) as TuningRecords;
  const [[key, ops], ...others] = Object.entries(file) as [[string, TuningRecords[string]]];
  expect(others).toEqual([]);
  expect(tuned.stderr).toContain('adapter: ');

  // A choice that no measurement would make shows who decides.
  const forced = Object.fromEntries(
    Object.entries(ops).map(([op, { us }]) => [
      op,
      { us: { ...us, naive: 1, x: 1 }, variant: op.startsWith('matmul-wgrad') ? 'naive' : 'x' },
    ]),
  );
  writeFileSync(tuningPath(), JSON.stringify({ [key]: forced }));
  // Where the defaults are the fastest, no whole step was timed yet: it is now, and named as here.
  if (!Object.keys(ops).some(isStep)) expect((await train('first')).status).toBe(0);
  const records = JSON.parse(readFileSync(tuningPath(), 'utf8')) as TuningRecords;
  const step = Object.keys(records[key]!).find(isStep)!;
  const whole = { ...forced, [step]: { us: { tuned: 1 }, variant: 'tuned' } };
  writeFileSync(tuningPath(), JSON.stringify({ [key]: whole }));
  const known = await train('known');
  expect(known.status, known.stderr).toBe(0);
  expect(known.stderr).not.toMatch(measured);
  expect(variantsOf('known')['layers.1 wgrad']).toBe('naive');

  // So few steps that compiling is what they wait for: no measurements, neither made nor used.
  const brief = await train('brief', 2);
  expect(brief.status, brief.stderr).toBe(0);
  expect(brief.stderr).toContain('kernels: short ones, which compile soonest, since the run is brief');
  expect(brief.stderr).not.toMatch(measured);
  expect(variantsOf('brief')['layers.1 wgrad']).toBe('quad-4x12');

  // The same choices, measured elsewhere.
  writeFileSync(tuningPath(), JSON.stringify({ [`${key} elsewhere`]: whole }));
  const unknown = await train('unknown');
  expect(unknown.status, unknown.stderr).toBe(0);
  expect(unknown.stderr).toMatch(measured);
  expect(variantsOf('unknown')['layers.1 wgrad']).not.toBe('naive');
});

test('measurements are taken from a file; from another file, none', { timeout: 60_000 }, async () => {
  const file = join(folder, 'other.json');
  const op = { variant: 'naive', us: { naive: 1 } };
  writeFileSync(file, JSON.stringify({ 'another adapter': { one: op } }));
  const { status, stdout, stderr } = await startCommand('tune', ['--import', file], undefined, {
    XDG_CACHE_HOME: folder,
  }).outcome;
  expect(status, stderr).toBe(0);
  expect(stdout.trim()).toBe('1 op of 1 adapter, used where adapter, browser and shaders are the same');
  const kept = readFileSync(tuningPath(), 'utf8');
  expect(JSON.parse(kept)['another adapter']).toEqual({ one: op });

  for (const [content, why] of [
    ['> npm\nstart', /^tune: --import \S+ holds no measurements: it is not JSON$/],
    ['[1]', /^tune: --import \S+ holds no measurements: it holds no records$/],
    [JSON.stringify({ a: { one: 'naive' } }), /some of its records are of another version$/],
  ] as const) {
    writeFileSync(file, content);
    const refused = await startCommand('tune', ['--import', file], undefined, { XDG_CACHE_HOME: folder })
      .outcome;
    expect(refused.status).toBe(2);
    expect(refused.stderr.trim()).toMatch(why);
    expect(readFileSync(tuningPath(), 'utf8')).toBe(kept);
  }
});
