import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Engine } from '../../../src/page/engine/engine.ts';
import type {
  CallMessage,
  EngineEvent,
  GpuReport,
  SampleGuesses,
  TrainOutcome,
  TrainRequest,
} from '../../../src/page/engine/protocol.ts';
import { App } from '../../../src/page/model/app.ts';
import { differences, emptyForm, readForm, withText } from '../../../src/page/model/form.ts';
import { RunList } from '../../../src/page/model/run-list.ts';
import {
  goesOnFrom,
  isUnfinished,
  type RunRecord,
  type SeedScore,
} from '../../../src/page/model/run-record.ts';
import { runChip, runNotice } from '../../../src/page/model/texts.ts';
import { TrainingControl } from '../../../src/page/model/training-control.ts';
import { runsInTraining } from '../../../src/page/model/training-locks.ts';
import type { ReadyReport } from '../../../src/train/messages.ts';
import { FakeWorker } from './fake-worker.ts';

// Neither a database nor locks: runs are those of this tab.
beforeEach(() => {
  vi.stubGlobal('navigator', { userAgent: 'a test' });
  vi.stubGlobal('window', { isSecureContext: false });
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

/** A page whose worker says what the test tells it to. */
function make() {
  const worker = new FakeWorker();
  const app = new App(new Engine({ makeWorker: () => worker, untilEnded: () => new Promise(() => {}) }), '');
  app.data.value = { state: 'kept' };
  const runs = new RunList(app);
  return { worker, app, runs, training: new TrainingControl(app, runs) };
}

/** Starts a run there. */
async function startRun(asked = form) {
  const { worker, app, runs, training } = make();
  const ended = training.start(asked);
  await vi.waitFor(() => expect(worker.calls.map(({ call }) => call)).toContain('train'), 10_000);
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
    ops: [],
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

test('a run that goes on leaves a form that was typed into as it is, with its changes', async () => {
  const { runs, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  const typed = withText({ ...emptyForm('adam'), seeds: '2' }, 'lambda', '0.02');
  training.form.value = typed;
  void training.goOn(runs.runs.value[0]!);
  expect(training.form.value).toBe(typed);
  expect(training.live.value!.form).toEqual(form);
  expect(training.changes).toEqual(expect.arrayContaining(['Lambda', 'Seeds', 'Steps']));
});

test('a form that is the last run’s gives way to that of the run that goes on', async () => {
  const typed = { ...form, seeds: '2' };
  const { runs, worker, training, ended, id, ready } = await startRun(typed);
  worker.say(ready);
  training.form.value = { ...typed };
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  void training.goOn({ ...runs.runs.value[0]!, train: readForm(form).train });
  expect(training.form.value).toEqual(form);
});

test('steps that are typed are a change of their own beside those of the cycles', () => {
  const cycles = withText(emptyForm(), 'cycles', '1');
  expect(differences(cycles, emptyForm())).toEqual(['Cycles']);
  expect(differences({ ...cycles, steps: '20' }, emptyForm())).toEqual(['Cycles', 'Steps']);
  expect(differences({ ...withText(emptyForm(), 'lr-decay', '0.5'), steps: '20' }, emptyForm())).toEqual([
    'Decay by cycle',
    'Steps',
  ]);
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

const lastCall = (worker: FakeWorker, name: string) => worker.calls.findLast(({ call }) => call === name)!;
const timesAsked = (worker: FakeWorker, name: string) =>
  worker.calls.filter(({ call }) => call === name).length;

test('while kernels are measured nothing starts, and what is paused stays so', async () => {
  const { app, runs, worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  void training.pause();
  app.isMeasuring.value = true;
  void training.resume();
  expect(app.run.value).toEqual({ state: 'paused', by: 'you' });
  expect(timesAsked(worker, 'resume')).toBe(0);
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  void training.start(form);
  expect(app.run.value.state).toBe('stopped');
  void training.goOn(runs.runs.value[0]!);
  expect(app.run.value.state).toBe('stopped');
  expect(timesAsked(worker, 'train')).toBe(1);
});

test('a run that fails since another tab has deleted the data says what to do about them', async () => {
  const { app, worker, ended, id } = await startRun();
  worker.say({ id, error: { kind: 'partial', message: 'data_batch_1.bin is not on this device' } });
  await ended;
  worker.say({
    id: lastCall(worker, 'dataPlace').id,
    gives: { place: 'absent', missing: 184e6, canKeep: true },
  });
  await vi.waitFor(() => expect(app.data.value.state).toBe('absent'), 10_000);
  await vi.waitFor(() => expect(app.dataProblem.value).toMatchObject({ kind: 'partial' }), 10_000);
  expect(runNotice(app.run.value)).toBeUndefined();
});

test('a run that finds no adapter looks for one', async () => {
  const { app, worker, ended, id } = await startRun();
  const probe = vi.spyOn(app, 'probe').mockResolvedValue();
  worker.say({ id, error: { kind: 'no-adapter', message: 'there is no GPU' } });
  await ended;
  expect(probe).toHaveBeenCalledOnce();
});

test('a run that goes on keeps its kernels’ origin, and has it in its form; one that begins again has its own', async () => {
  const { runs, worker, training, ended, id, ready } = await startRun();
  worker.say({ ...ready, kernels: 'measured' } as EngineEvent);
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  for (const [step, kernels] of [
    [10, 'measured'],
    [0, 'default'],
  ] as const) {
    const before = timesAsked(worker, 'train');
    const going = training.goOn(runs.runs.value[0]!);
    expect(training.form.value.usesTuned).toBe(true);
    await vi.waitFor(() => expect(timesAsked(worker, 'train')).toBe(before + 1), 10_000);
    worker.say({ ...ready, step } as EngineEvent);
    expect(training.live.value!.record.kernels).toBe(kernels);
    worker.say({ id: lastCall(worker, 'train').id, gives: { ...outcome, finished: false, step: 10 } });
    await going;
  }
});

test('forced variants are kept with their run, and force those of a run that goes on, or begins again, as its form says', async () => {
  const variants = { sgd: 'vec4' };
  const { runs, worker, training, ended, id, ready } = await startRun({ ...form, variants, usesTuned: true });
  // Nothing was measured yet: the wish is kept until the worker says what there was.
  expect(runs.runs.value[0]).toMatchObject({ forced: variants, kernels: 'measured' });
  worker.say(ready);
  expect(training.live.value!.record).toMatchObject({ forced: variants, kernels: 'default' });
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  training.form.value = emptyForm();
  const going = training.goOn(runs.runs.value[0]!);
  await vi.waitFor(() => expect(timesAsked(worker, 'train')).toBe(2), 10_000);
  expect(lastCall(worker, 'train').takes).toMatchObject({ variants });
  expect(training.form.value).toEqual({ ...form, variants });
  expect(training.changes).toEqual([]);
  training.form.value = form;
  expect(training.changes).toEqual(['Forced variants']);
  worker.say({ id: lastCall(worker, 'train').id, gives: outcome });
  await going;
});

/** Two seeds, of which the second has diverged. */
const twoSeeds: EngineEvent = {
  event: 'progress',
  step: 18,
  epoch: 1,
  msPerStep: 1,
  columns: {
    steps: new Float64Array([18]),
    loss: new Float32Array([2, Number.NaN]),
    accuracy: new Float32Array([0.5, 0.1]),
    rate: new Float32Array([0.1]),
  },
  validations: [
    {
      step: 10,
      scores: [
        { loss: 2, accuracy: 0.5 },
        { loss: 3, accuracy: 0.1 },
      ],
    },
  ],
};
const scored = [
  { seed: 1, validationAccuracy: 0.5, validationLoss: 2, testAccuracy: null, divergedAtStep: null },
  { seed: 2, validationAccuracy: 0.1, validationLoss: 3, testAccuracy: null, divergedAtStep: 12 },
];

test('a checkpoint says its step, what the run was worth by then, and where a seed diverged', async () => {
  const { runs, worker, ended, id, ready } = await startRun({ ...form, seeds: '2' });
  worker.say(ready);
  worker.say({ event: 'diverged', replica: 1, step: 12 });
  worker.say(twoSeeds);
  worker.say({ event: 'checkpoint', step: 14, objectsPerStep: 0 });
  expect(runs.runs.value[0]).toMatchObject({ step: 18, checkpointStep: 14, perSeed: scored });
  expect(goesOnFrom(runs.runs.value[0]!)).toBe(14);
  ends.failed(worker, id);
  await ended;
});

test('a run that failed ahead of a checkpoint has its scores, and begins again', async () => {
  const { runs, worker, ended, id, ready } = await startRun({ ...form, seeds: '2' });
  worker.say(ready);
  worker.say({ event: 'diverged', replica: 1, step: 12 });
  worker.say(twoSeeds);
  worker.say({ id, error: { kind: 'worker', message: 'it ended' } });
  await ended;
  const run = runs.runs.value[0]!;
  expect(run).toMatchObject({ state: 'interrupted', step: 18, perSeed: scored });
  expect(goesOnFrom(run)).toBe(0);
  expect(isUnfinished(run)).toBe(false);
});

const weightsFile = (name: string) => new File([new Uint8Array(8)], name);

/** Chooses a file of weights, which the worker takes for one. */
async function choose(training: TrainingControl, worker: FakeWorker, name: string): Promise<void> {
  const before = timesAsked(worker, 'checkWeights');
  const taken = training.initial.take(weightsFile(name));
  expect(training.initial.isChecking.value).toBe(true);
  await vi.waitFor(() => expect(timesAsked(worker, 'checkWeights')).toBe(before + 1), 10_000);
  worker.say({ id: lastCall(worker, 'checkWeights').id, gives: null });
  await taken;
  expect(training.initial.isChecking.value).toBe(false);
}

test('a run starts from the weights that were chosen when it was started, whatever is chosen while the data come', async () => {
  const { app, runs, worker, training } = make();
  await choose(training, worker, 'first.safetensors');
  const first = training.initial.file.value!;
  let arrive = (_: boolean): void => {};
  app.data.value = { state: 'absent', missingBytes: 1, canKeep: true, why: '' };
  vi.spyOn(app, 'download').mockImplementation(() => new Promise((resolve) => (arrive = resolve)));
  const ended = training.start(form);
  await choose(training, worker, 'second.safetensors');
  arrive(true);
  await vi.waitFor(() => expect(timesAsked(worker, 'train')).toBe(1), 10_000);
  const { id, takes } = lastCall(worker, 'train');
  expect((takes as TrainRequest).weights).toBe(first.file);
  expect(runs.runs.value[0]).toMatchObject({ initial: 'first.safetensors' });
  training.form.value = form;
  expect(training.changes).toEqual(['Initial weights']);
  worker.say({ id, gives: outcome });
  await ended;
});

test('a file that cannot be read is refused', async () => {
  const { training } = make();
  const gone = weightsFile('gone.safetensors');
  vi.spyOn(gone, 'arrayBuffer').mockRejectedValue(new Error('it was moved'));
  await training.initial.take(gone);
  expect(training.initial.problem.value).toBe('gone.safetensors is no file of weights: it was moved');
  expect(training.initial.isChecking.value).toBe(false);
});

test('measured kernels and a file of weights are changes that a new run would have', async () => {
  const { worker, training, ended, id, ready } = await startRun();
  worker.say(ready);
  training.form.value = form;
  expect(training.changes).toEqual([]);
  training.form.value = { ...form, usesTuned: true };
  expect(training.changes).toEqual(['Measured kernels']);
  await choose(training, worker, 'net.safetensors');
  expect(training.changes).toEqual(['Measured kernels', 'Initial weights']);
  ends.failed(worker, id);
  await ended;
});

test('a run in progress holds a lock with its name beside that of the tab', async () => {
  const held: string[] = [];
  const request = async (name: string, _: object, work: (lock: object) => Promise<void>) => {
    held.push(name);
    await work({});
    held.splice(held.indexOf(name), 1);
  };
  const query = async () => ({ held: held.map((name) => ({ name })) });
  vi.stubGlobal('navigator', { userAgent: 'a test', locks: { request, query } });
  const { runs, worker, ended, id } = await startRun();
  expect(held).toHaveLength(2);
  expect(await runsInTraining()).toEqual(new Set([runs.runs.value[0]!.id]));
  ends.finished(worker, id);
  await ended;
  expect(await runsInTraining()).toEqual(new Set());
});

test('a worker that ends while it is told to stop, or to pause, is told of once', async () => {
  const { app, training, worker, ended, ready } = await startRun();
  worker.say(ready);
  const asked = [training.pause(), training.resume(), training.stop()];
  app.engine.end('it ended');
  await Promise.all(asked);
  await ended;
  expect(app.run.value).toMatchObject({ state: 'failed', kind: 'worker' });
});
