/** `npm run train` without server and browser: the test plays the worker. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/commands/train.ts';
import { readCheckpoint, writeCheckpoint } from '../../../src/train/checkpoint.ts';
import type { RunRequest } from '../../../src/train/messages.ts';

const fake = vi.hoisted(() => ({ stopAt: Number.POSITIVE_INFINITY, msPerSession: 0, msOfScores: 0 }));
vi.mock('../../../src/hosts/open-host.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  openHost: async () => ({
    name: 'chrome',
    dataSource: 'cache',
    close: async () => {},
    start: async ({ from }: RunRequest, onMessage: (message: unknown) => Promise<void> | void) => {
      const before = from.kind === 'checkpoint' ? readCheckpoint(from.file) : undefined;
      const settings = 'settings' in from ? from.settings : before!.settings;
      const step = Math.min(settings.steps, fake.stopAt);
      const work = async () => {
        await onMessage({ type: 'adapter', adapter: { vendor: '' }, name: 'a GPU' });
        const about = { settings, variants: {}, stepsPerEpoch: 450 };
        await onMessage({ type: 'ready', step: before?.step ?? 0, ...about });
        vi.advanceTimersByTime(fake.msPerSession);
        const state = {
          settings,
          step,
          variants: {},
          fused: false,
          oneWorkgroup: false,
          forced: {},
          adapter: '',
          arenas: {},
        };
        await onMessage({ type: 'checkpoint', step, file: writeCheckpoint(state) });
        vi.advanceTimersByTime(fake.msOfScores);
        const finished = step === settings.steps;
        const score = finished ? [{ loss: 1.5, accuracy: 0.5 }] : null;
        const weights = [new Uint8Array([step])];
        const scores = { validation: score, test: score, overViews: null };
        return { result: { finished, step, ...scores, msPerStep: 7, weights } };
      };
      // Messages come when the page runs.
      const finished = new Promise((resolve) => setImmediate(resolve)).then(work);
      return { runner: 'Chrome/156', finished, stop: async () => {}, close: async () => {} };
    },
  }),
}));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-train-'));
  vi.useFakeTimers({ now: new Date('2026-11-25T10:00:00Z'), toFake: ['Date'] });
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const train = (...args: string[]) => main(args);
const summary = (name: string) => JSON.parse(readFileSync(join(at(name), 'summary.json'), 'utf8'));

/** A run of the experiment `adam` that was stopped at step 200 of 900, after a minute. */
async function stoppedRun(name: string): Promise<void> {
  Object.assign(fake, { stopAt: 200, msPerSession: 60_000 });
  await train('--experiment', 'adam', '--steps', '900', '--no-tune', '--out', at(name));
  Object.assign(fake, { stopAt: Number.POSITIVE_INFINITY, msPerSession: 30_000 });
  vi.advanceTimersByTime(3_600_000);
}

test.each(['a', 'b'])('a run that goes on, in %s, is one run over its sessions', async (out) => {
  await stoppedRun('a');
  expect(summary('a')).toMatchObject({ finished: false, steps: 200 });
  expect(await train('--resume', at('a'), '--out', at(out))).toBe(0);
  const session = { adapter: 'a GPU', browser: 'Chrome/156' };
  expect(summary(out)).toMatchObject({
    experiment: 'adam',
    finished: true,
    steps: 900,
    startedAt: '2026-11-25T10:00:00.000Z',
    elapsedMs: 90_000,
    sessions: [
      { ...session, startedAt: '2026-11-25T10:00:00.000Z', elapsedMs: 60_000, fromStep: 0, toStep: 200 },
      { ...session, startedAt: '2026-11-25T11:01:00.000Z', elapsedMs: 30_000, fromStep: 200, toStep: 900 },
    ],
  });
});

test('a run that is finished says so, and keeps its files; one that was not scored is scored', async () => {
  await stoppedRun('a');
  await train('--resume', at('a'));
  const files = () => readdirSync(at('a')).map((name) => [name, readFileSync(join(at('a'), name), 'utf8')]);
  const before = files();
  vi.mocked(console.log).mockClear();
  expect(await train('--resume', at('a'))).toBe(0);
  expect(console.log).toHaveBeenCalledExactlyOnceWith(
    `finished before, with all of its 900 steps: results in ${at('a')}`,
  );
  expect(files()).toEqual(before);

  // Killed while it was scored.
  rmSync(join(at('a'), 'summary.json'));
  expect(await train('--resume', at('a'))).toBe(0);
  expect(summary('a')).toMatchObject({ finished: true, steps: 900 });
  // Stopped there.
  const stopped = JSON.stringify({ ...summary('a'), finished: false });
  writeFileSync(join(at('a'), 'summary.json'), stopped);
  expect(await train('--resume', at('a'))).toBe(0);
  expect(summary('a')).toMatchObject({ finished: true, steps: 900 });
  // Elsewhere, it is another run's beginning.
  expect(await train('--resume', at('a'), '--out', at('b'))).toBe(0);
  expect(summary('b')).toMatchObject({ finished: true, steps: 900 });
});

test('what a run took, scores and all, is the same in its summary and in its sessions', async () => {
  Object.assign(fake, { stopAt: Number.POSITIVE_INFINITY, msPerSession: 30_000, msOfScores: 5000 });
  try {
    await train('--steps', '20', '--no-tune', '--out', at('a'));
  } finally {
    fake.msOfScores = 0;
  }
  const { elapsedMs, sessions } = summary('a');
  expect(elapsedMs).toBe(35_000);
  expect(JSON.parse(readFileSync(join(at('a'), 'sessions.json'), 'utf8')).sessions).toEqual(sessions);
});

test('a run does not go on over another one', async () => {
  await stoppedRun('a');
  expect(await train('--steps', '20', '--no-tune', '--out', at('b'))).toBe(0);
  const before = readdirSync(at('b')).map((name) => readFileSync(join(at('b'), name)));
  await expect(train('--resume', at('a'), '--out', at('b'))).rejects.toThrow(
    `--out ${at('b')} holds another run: name another folder`,
  );
  await expect(train('--steps', '20', '--no-tune', '--out', at('b'))).rejects.toThrow(
    /holds another run: go on with it by --resume, or name another folder/,
  );
  expect(readdirSync(at('b')).map((name) => readFileSync(join(at('b'), name)))).toEqual(before);
});

test('nothing to go on from: no folder is made for it', async () => {
  await expect(train('--resume', at('never'))).rejects.toThrow(/there is no checkpoint\.safetensors in it/);
  expect(readdirSync(folder)).toEqual([]);
});
