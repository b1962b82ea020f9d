import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Engine } from '../../../src/page/engine/engine.ts';
import type {
  CallMessage,
  EngineEvent,
  GpuReport,
  SampleGuesses,
  TrainOutcome,
} from '../../../src/page/engine/protocol.ts';
import { App } from '../../../src/page/model/app.ts';
import { emptyForm, readForm } from '../../../src/page/model/form.ts';
import { RunList } from '../../../src/page/model/run-list.ts';
import type { RunRecord, SeedScore } from '../../../src/page/model/run-record.ts';
import { runChip } from '../../../src/page/model/texts.ts';
import { TrainingControl } from '../../../src/page/model/training-control.ts';
import type { ReadyReport } from '../../../src/train/messages.ts';
import { FakeWorker } from './fake-worker.ts';

// Neither a database nor locks: runs are those of this tab.
beforeEach(() => {
  vi.stubGlobal('navigator', { userAgent: 'a test' });
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem() {} });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const form = { ...emptyForm(), steps: '20' };

const outcome: TrainOutcome = {
  finished: true,
  step: 20,
  msPerStep: 1,
  validation: null,
  test: null,
  overViews: null,
  confusion: null,
  weights: [],
};

/** Starts a run whose worker says what the test tells it to. */
async function startRun() {
  const worker = new FakeWorker();
  const app = new App(new Engine({ makeWorker: () => worker, untilEnded: () => new Promise(() => {}) }), '');
  app.data.value = { state: 'kept' };
  const runs = new RunList(app);
  const training = new TrainingControl(app, runs);
  const ended = training.start(form);
  await vi.waitFor(() => expect(worker.calls.map(({ call }) => call)).toContain('train'));
  const { id, takes } = worker.calls.find(({ call }) => call === 'train')!;
  const { settings } = takes as { readonly settings: ReadyReport['settings'] };
  const ready: EngineEvent = {
    event: 'ready',
    settings,
    step: 0,
    stepsPerEpoch: 490,
    dispatchesPerStep: 10,
    kernels: 'default',
    variants: {},
    modelBytes: 1,
    datasetBytes: 1,
    adapterName: 'a test',
  };
  const late: readonly EngineEvent[] = [
    { event: 'preparing', what: 'compiling', done: 1, total: 2 },
    ready,
    { event: 'running' },
    { event: 'paused', by: 'you', step: 20 },
    { event: 'paused', by: 'device', step: 20 },
    { event: 'lost', losses: 1, message: 'the device was lost', asks: false },
    { event: 'testing' },
  ];
  return { app, runs, worker, training, ended, id, ready, late };
}

const ends = {
  finished: (worker: FakeWorker, id: number) => worker.say({ id, gives: outcome }),
  stopped: (worker: FakeWorker, id: number) => worker.say({ id, gives: { ...outcome, finished: false } }),
  failed: (worker: FakeWorker, id: number) =>
    worker.say({ id, error: { kind: 'failed', message: 'no reason' } }),
};

test.each(Object.entries(ends))('what comes behind the end of a run leaves it %s', async (state, end) => {
  const { app, worker, ended, id, ready, late } = await startRun();
  worker.say(ready);
  expect(app.run.value.state).toBe('running');
  end(worker, id);
  await ended;
  expect(app.run.value.state).toBe(state);
  for (const event of late) {
    worker.say(event);
    expect(app.run.value.state, event.event).toBe(state);
  }
});

test('a run that is being stopped is not shown as training again, whatever the worker still says', async () => {
  const { app, worker, training, ended, id, ready, late } = await startRun();
  worker.say(ready);
  const stopping = training.stop();
  for (const event of late.filter((each) => each.event !== 'testing')) {
    worker.say(event);
    expect(app.run.value.state, event.event).toBe('stopping');
  }
  for (const call of worker.calls.filter(({ call }) => call !== 'train'))
    worker.say({ id: call.id, gives: null });
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  expect(app.run.value.state).toBe('stopped');
  void stopping;
});

test('a pause that is taken back at once is not shown when the worker comes to it', async () => {
  const { app, worker, training, ready } = await startRun();
  worker.say(ready);
  void training.pause();
  expect(app.run.value).toEqual({ state: 'paused', by: 'you' });
  void training.resume();
  worker.say({ event: 'paused', by: 'you', step: 10 });
  expect(app.run.value.state).toBe('running');
});

test('Stop, pressed before the worker was asked to train, stops', async () => {
  const worker = new FakeWorker();
  const asked: string[] = [];
  vi.spyOn(worker, 'postMessage').mockImplementation((message) => {
    const { id, call } = message as CallMessage;
    asked.push(call);
    queueMicrotask(() => worker.say({ id, gives: null }));
  });
  const app = new App(new Engine({ makeWorker: () => worker, untilEnded: () => new Promise(() => {}) }), '');
  app.data.value = { state: 'kept' };
  const runs = new RunList(app);
  const training = new TrainingControl(app, runs);
  await Promise.all([training.start(form), training.stop()]);
  expect(app.run.value.state).toBe('stopped');
  expect(asked).not.toContain('train');
  expect(runs.runs.value).toEqual([]);
});

test.each(['recovering', 'asking'] as const)(
  'a run that ends while the GPU is %s looks for one again',
  async (state) => {
    const { app, runs, worker, ended, id, ready } = await startRun();
    const probe = vi.spyOn(app, 'probe').mockResolvedValue();
    worker.say(ready);
    app.gpu.value = { state, message: 'the device was lost' };
    worker.say({ id, error: { kind: 'no-adapter', message: 'there is no GPU' } });
    await ended;
    expect(runs.runs.value[0]).toMatchObject({ state: 'failed' });
    expect(probe).toHaveBeenCalledOnce();
  },
);

test('a run that fails while the data go to the GPU asks where they are', async () => {
  const { app, worker, ended, id } = await startRun();
  const refresh = vi.spyOn(app, 'refreshData').mockResolvedValue();
  app.data.value = { state: 'uploading', doneBytes: 1, totalBytes: 2 };
  ends.failed(worker, id);
  await ended;
  expect(refresh).toHaveBeenCalledOnce();
});

test('a run that goes on brings its form along', async () => {
  const { runs, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  training.form.value = emptyForm('adam');
  void training.goOn(runs.runs.value[0]!);
  expect(training.form.value).toEqual(form);
});

test('the time that a run will take is that of the newest with the same kernels, whose numbers were some', async () => {
  const { app, runs, training } = await startRun();
  app.gpu.value = { state: 'ready', report: { name: 'a test' } as GpuReport };
  const { train } = readForm(form);
  const run = (id: string, part: Partial<RunRecord>): RunRecord => ({
    ...runs.runs.peek()[0]!,
    id,
    adapter: 'a test',
    ...part,
  });
  const diverged = { divergedAtStep: 10 } as SeedScore;
  runs.runs.value = [
    run('diverged', { msPerStep: 1, perSeed: [diverged] }),
    run('brief', { msPerStep: 2, kernels: 'brief' }),
    run('as this one', { msPerStep: 3 }),
    run('older', { msPerStep: 4 }),
  ];
  expect(training.paceOf(train)).toBe(3);
});

test('a start that another tab is in the way of leaves what is shown of the last run', async () => {
  const { app, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  worker.say({ id, gives: outcome });
  await ended;
  const guesses = { step: 20 } as SampleGuesses;
  training.guesses.value = guesses;
  const { live } = training;
  const last = live.value;
  vi.stubGlobal('navigator', {
    userAgent: 'a test',
    locks: { request: (_: string, __: object, work: (lock: null) => Promise<void>) => work(null) },
  });
  await training.start(form);
  expect(app.run.value).toMatchObject({ state: 'failed', kind: 'busy' });
  expect(live.value).toBe(last);
  expect(training.guesses.value).toBe(guesses);
  expect(runChip(app.run.value, live.value)).toBe('finished');
});

test('the run that is shown takes the name that another tab gave it', async () => {
  const { runs, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  const before = training.version.value;
  // The list was read again.
  runs.runs.value = runs.runs.value.map((run) => ({ ...run, name: 'theirs' }));
  expect(training.live.value!.record.name).toBe('theirs');
  expect(training.version.value).toBeGreaterThan(before);
  ends.finished(worker, id);
  await ended;
  expect(training.live.value!.record).toMatchObject({ name: 'theirs', state: 'finished' });
});

test('a run that is renamed and pinned while it trains keeps both', async () => {
  const { runs, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  const run = runs.runs.value[0]!;
  await runs.edit(run.id, { name: 'mine' });
  await runs.edit(run.id, { pinned: true });
  expect(training.live.value!.record).toMatchObject({ name: 'mine', pinned: true });
  worker.say({ event: 'checkpoint', step: 10, objectsPerStep: 0 });
  expect(runs.find(run.id)).toMatchObject({ name: 'mine', pinned: true, state: 'running' });
  ends.finished(worker, id);
  await ended;
  expect(runs.find(run.id)).toMatchObject({ name: 'mine', pinned: true, state: 'finished' });
});
