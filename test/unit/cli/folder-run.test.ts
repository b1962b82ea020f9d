/** A training in a folder without a browser: the test sends the worker's messages. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { trainInFolder } from '../../../src/cli/folders/folder-run.ts';
import { RunDirectory } from '../../../src/cli/folders/run-directory.ts';
import { readSessions } from '../../../src/cli/folders/sessions.ts';
import { Signals } from '../../../src/cli/process/signals.ts';
import { base, trainSettings } from '../../../src/experiments/experiments.ts';
import { type Host, HostEnded } from '../../../src/hosts/host.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { writeCheckpoint } from '../../../src/train/checkpoint.ts';

const fake = vi.hoisted(() => ({
  signals: undefined as unknown,
  onMessage: (_message: unknown): unknown => undefined,
  finish: (_message: unknown): void => {},
  fail: (_error: Error): void => {},
  stopped: 0,
  closed: 0,
  started: 0,
  asked: undefined as unknown,
  ready: undefined as unknown,
  hint: undefined as string | undefined,
}));
vi.mock('../../../src/cli/process/signals.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  get signals() {
    return fake.signals;
  },
}));
vi.mock('../../../src/hosts/faster-host.ts', () => ({ fasterHost: () => fake.hint }));
const host: Host = {
  name: 'chrome',
  dataSource: 'cache',
  data: { baseUrl: '/' },
  elsewhere: undefined,
  start: async (request, onMessage) => {
    fake.started++;
    fake.asked = request;
    fake.onMessage = onMessage as typeof fake.onMessage;
    const finished = new Promise<never>((resolve, reject) => {
      fake.finish = resolve as typeof fake.finish;
      fake.fail = reject;
    });
    finished.catch(() => {});
    return {
      runner: 'Chrome/156',
      finished,
      stop: async () => {
        fake.stopped++;
      },
      close: async () => {
        fake.closed++;
      },
    };
  },
  predict: () => Promise.reject(new Error('not asked for')),
  close: async () => {},
};

let folder: string;
let emitter: EventEmitter;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-folder-run-'));
  emitter = new EventEmitter();
  const process = { on: emitter.on.bind(emitter), exit: () => {} };
  const signals = new Signals(process as never, () => {});
  signals.listen('train');
  Object.assign(fake, { signals, stopped: 0, closed: 0, started: 0, ready: undefined, hint: undefined });
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = trainSettings(base, { seeds: [1], shuffle: true });
const checkpoint = writeCheckpoint({
  settings,
  step: 450,
  variants: {},
  fused: false,
  oneWorkgroup: false,
  forced: {},
  adapter: '',
  arenas: {},
});

/** Starts a training and lets it come to the checkpoint of step 450. */
async function started(about: object = { step: 0 }) {
  const training = {
    request: {} as never,
    before: { experiment: 'base', sessions: [], startedAt: new Date() },
  };
  const run = trainInFolder(host, new RunDirectory(folder), training, {
    log: (line) => lines.push(line),
    onReady: (ready) => {
      fake.ready = ready;
    },
    onReport: () => {},
    keep: ({ result, experiment }) => `${experiment}, step ${result.step}`,
  });
  run.catch(() => {});
  await vi.waitFor(
    () => expect(fake.onMessage({ type: 'adapter', name: 'a GPU', adapter: { vendor: '' } })).toBeUndefined(),
    10_000,
  );
  await new Promise(setImmediate);
  fake.onMessage({ type: 'ready', ...about });
  fake.onMessage({ type: 'checkpoint', step: 450, file: checkpoint });
  return run;
}

test('a signal stops the worker, and what that came to is kept before the browser is closed', async () => {
  const run = started();
  await vi.waitFor(() => expect(readSessions(folder).sessions[0]?.toStep).toBe(450), 10_000);
  emitter.emit('SIGTERM', 'SIGTERM');
  await vi.waitFor(() => expect(fake.stopped).toBe(1), 10_000);
  expect(fake.closed).toBe(0);
  fake.finish({ result: { step: 470 } });
  expect(await run).toBe('base, step 470');
  expect(fake.closed).toBe(1);
  expect(readdirSync(folder)).toContain('checkpoint.safetensors');
});

test('a run from its beginning that is not brief is told of a faster host, another one is not', async () => {
  fake.hint = 'hint: a faster host';
  for (const [about, told] of [
    [{ step: 0, kernels: 'default' }, 1],
    [{ step: 0, kernels: 'brief' }, 1],
    [{ step: 100, kernels: 'default' }, 1],
    [{ step: 0, kernels: 'tuned' }, 2],
  ] as const) {
    const run = started(about);
    await vi.waitFor(() => expect(fake.ready).toMatchObject(about), 10_000);
    expect(lines.filter((line) => line === fake.hint)).toHaveLength(told);
    fake.finish({ result: { step: 470 } });
    await run;
  }
});

test('what a silent run waits for is told when three seconds are over, and not once it is', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const run = started();
    await vi.waitFor(() => expect(fake.ready).toMatchObject({ type: 'ready', step: 0 }), 10_000);
    const first = 'still in the first step, in which some drivers compile the kernels';
    vi.advanceTimersByTime(3000);
    expect(lines).toEqual([first]);
    const phase = (name: string) => fake.onMessage({ type: 'phase', phase: name, fromMs: 0, toMs: 0 });
    for (const [message, told] of [
      [{ type: 'ready', step: 0 }, first],
      [{ type: 'adapter', name: 'a GPU', adapter: { vendor: '' } }, 'compiling the kernels of a step'],
      [{ type: 'phase', phase: 'training', fromMs: 0, toMs: 0 }, 'scoring images'],
    ] as const) {
      lines = [];
      fake.onMessage(message);
      vi.advanceTimersByTime(2990);
      phase('first step');
      vi.advanceTimersByTime(3000);
      expect(lines).toEqual([]);
      fake.onMessage(message);
      phase('data');
      vi.advanceTimersByTime(3000);
      expect(lines).toEqual([told]);
    }
    lines = [];
    fake.onMessage({ type: 'ready', step: 0 });
    fake.onMessage({ type: 'tuning', done: 0, total: 1, op: 'sgd' });
    vi.advanceTimersByTime(3000);
    fake.onMessage({ type: 'ready', step: 0 });
    fake.finish({ result: { step: 470 } });
    await run;
    vi.advanceTimersByTime(3000);
    expect(lines).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['after', 0],
  ['before', 100],
])('a signal that ends the browser, too, %s it reaches the command: what is kept', async (_, delayMs) => {
  const run = started();
  await vi.waitFor(() => expect(readSessions(folder).sessions[0]?.toStep).toBe(450), 10_000);
  if (delayMs === 0) emitter.emit('SIGTERM', 'SIGTERM');
  fake.fail(new HostEnded('the browser ended before the run did'));
  if (delayMs > 0) setTimeout(() => emitter.emit('SIGTERM', 'SIGTERM'), delayMs);
  await expect(run).rejects.toThrow(
    'stopped, and the browser with it: what is kept is the state of step 450',
  );
  expect(fake.closed).toBe(1);
});

describe('a browser that ends alone', () => {
  /** Waits for the next start, and lets it come to a step. */
  async function goesOn(starts: number, step: number) {
    await vi.waitFor(() => expect(fake.started).toBe(starts), { timeout: 3000 });
    fake.onMessage({ type: 'adapter', name: 'a GPU', adapter: { vendor: '' } });
    fake.onMessage({ type: 'ready', step });
  }

  test('the training goes on from the last checkpoint, as another session', async () => {
    const run = started();
    await vi.waitFor(() => expect(readSessions(folder).sessions[0]?.toStep).toBe(450), 10_000);
    fake.fail(new HostEnded('the browser ended before the run did'));
    await goesOn(2, 450);
    expect(fake.asked).toMatchObject({ from: { kind: 'checkpoint' }, checkpoints: true });
    fake.finish({ result: { step: 900 } });
    expect(await run).toBe('base, step 900');
    expect(readSessions(folder).sessions.map(({ fromStep }) => fromStep)).toEqual([0, 450]);
    expect(lines).toEqual(['the browser ended before the run did: trying again (1 of 3), from step 450']);
  });

  test('again and again: one line, and what is kept', async () => {
    const run = started();
    await vi.waitFor(() => expect(readSessions(folder).sessions[0]?.toStep).toBe(450), 10_000);
    for (let starts = 2; starts <= 4; starts++) {
      fake.fail(new HostEnded('the page crashed'));
      await goesOn(starts, 450);
    }
    fake.fail(new HostEnded('the page crashed'));
    await expect(run).rejects.toThrow(
      new UserError('the page crashed, 4 times in a row; the state of step 450 is kept'),
    );
    expect(fake.started).toBe(4);
  });
});
