/** The Train view on a model whose worker says what the test tells it to. */
import { html } from 'lit-html';
import { afterEach, expect, test, vi } from 'vitest';
import { Engine } from '../../src/page/engine/engine.ts';
import type { EngineEvent, GpuReport, TrainOutcome } from '../../src/page/engine/protocol.ts';
import { App } from '../../src/page/model/app.ts';
import { emptyForm, type Form, readForm, textOf, withText } from '../../src/page/model/form.ts';
import { RunList } from '../../src/page/model/run-list.ts';
import type { RunRecord } from '../../src/page/model/run-record.ts';
import { TrainingControl } from '../../src/page/model/training-control.ts';
import pageStyle from '../../src/page/page.css?inline';
import { deleteRun, readRuns } from '../../src/page/store/run-store.ts';
import { runBarView } from '../../src/page/views/header.ts';
import { paint } from '../../src/page/views/paint.ts';
import { mountTrain } from '../../src/page/views/train/train-view.ts';
import { FakeWorker } from '../unit/page/fake-worker.ts';

const roots: HTMLElement[] = [];
/** Runs end with their test: one tab at a time trains. */
const ends: (() => void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  for (const root of roots.splice(0)) root.remove();
  await vi.waitFor(async () => expect((await navigator.locks.query()).held).toEqual([]), 10_000);
  for (const { id } of await readRuns()) await deleteRun(id);
});

const adapter = { vendor: 'a', architecture: 'test', device: '', description: '', software: false };

function mount() {
  const worker = new FakeWorker();
  const engine = new Engine({ makeWorker: () => worker, untilEnded: () => new Promise(() => {}) });
  const app = new App(engine, 'http://127.0.0.1/');
  app.gpu.value = {
    state: 'ready',
    report: { adapter, name: 'a test', tuningKey: '' } as unknown as GpuReport,
  };
  app.data.value = { state: 'kept' };
  const runs = new RunList(app);
  const training = new TrainingControl(app, runs);
  const [bar, root] = [document.createElement('div'), document.createElement('div')];
  document.body.append(bar, root);
  roots.push(bar, root);
  paint(bar, () => html`${runBarView(app, training)}`);
  mountTrain(root, app, training, () => true);
  return { worker, app, runs, training, bar, root };
}

/** An element of the view, once it is there. */
const find = <E extends HTMLElement = HTMLElement>(root: HTMLElement, selector: string): Promise<E> =>
  vi.waitFor(() => {
    const found = root.querySelector<E>(selector);
    if (found === null) throw new Error(`there is no ${selector} in ${root.textContent}`);
    return found;
  }, 10_000);

const textIn = (root: HTMLElement, selector: string): string =>
  (root.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ').trim();

function type(input: HTMLInputElement, text: string): void {
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Longer than the page leaves between two paintings, and behind the frame that paints. */
const painted = async () => {
  await new Promise((resolve) => setTimeout(resolve, 150));
  for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
};

/** Starts what the form says, up to where the worker trains. */
async function start(mounted: ReturnType<typeof mount>, form: Form) {
  const { worker, training } = mounted;
  const ended = training.start(form);
  return { ...(await trains(worker, form)), ended };
}

async function trains(worker: FakeWorker, form: Form) {
  await vi.waitFor(() => expect(worker.calls.map(({ call }) => call)).toContain('train'), 10_000);
  const { id, takes } = worker.calls.findLast(({ call }) => call === 'train')!;
  const ready: EngineEvent = {
    event: 'ready',
    settings: readForm(form).train,
    step: 0,
    stepsPerEpoch: 450,
    dispatchesPerStep: 10,
    kernels: 'default',
    variants: {},
    ops: [],
    modelBytes: 1,
    datasetBytes: 1,
    adapterName: 'a test',
  };
  worker.say(ready);
  ends.push(() => worker.say({ id, error: { kind: 'stopped', message: 'the test is over' } }));
  return { id, takes };
}

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

/** A progress report of as many seeds as there are losses. */
const progress = (step: number, losses: readonly number[]): EngineEvent => ({
  event: 'progress',
  step,
  epoch: 1,
  msPerStep: 1,
  columns: {
    steps: new Float64Array([step]),
    loss: new Float32Array(losses),
    accuracy: new Float32Array(losses.map((loss) => (Number.isFinite(loss) ? 0.5 : 0.1))),
    rate: new Float32Array([0.1]),
  },
  validations: [
    { step, scores: losses.map((loss) => ({ loss, accuracy: Number.isFinite(loss) ? 0.5 : 0.1 })) },
  ],
});

const confusionOf = (value: number) => new Array<number>(100).fill(value);

test('a value that is none for a moment, as it is typed, closes no group and takes no focus', async () => {
  const { root, training } = mount();
  const input = await find<HTMLInputElement>(root, '#field-lambda');
  const group = input.closest('details')!;
  group.open = true;
  input.focus();
  for (const text of ['', '0', '0.', '0.0', '0.02']) {
    type(input, text);
    await painted();
    expect(group.open, text).toBe(true);
    expect(document.activeElement, text).toBe(input);
  }
  expect(textOf(training.form.value, 'lambda')).toBe('0.02');
  // A closed one opens where something is wrong in it, and Train says what.
  group.open = false;
  type(input, 'x');
  await painted();
  expect(group.open).toBe(true);
  expect(textIn(root, '#field-lambda-problem')).toBe('Lambda must be a number of at least 0');
  type(await find<HTMLInputElement>(root, '#field-steps'), '0');
  await painted();
  expect((await find<HTMLInputElement>(root, '#field-steps')).closest('details')!.open).toBe(true);
  expect(textIn(root, '#field-steps-problem')).toBe('Steps must be a whole number from 1 to 4,000,000');
  expect((await find<HTMLButtonElement>(root, '[data-act=train]')).disabled).toBe(true);
  expect(textIn(root, '.settings > .problem')).toBe('To be corrected first: Lambda, Steps.');
});

test('options that the optimizer does not have cannot be set, and are in nobody’s way', async () => {
  const { root, training } = mount();
  const [optimizer, b1, momentum] = [
    await find<HTMLSelectElement>(root, '#field-optimizer'),
    await find<HTMLInputElement>(root, '#field-b1'),
    await find<HTMLInputElement>(root, '#field-momentum'),
  ];
  const choose = async (kind: string) => {
    optimizer.value = kind;
    optimizer.dispatchEvent(new Event('change', { bubbles: true }));
    await painted();
  };
  expect([b1.disabled, momentum.disabled]).toEqual([true, false]);
  await choose('adam');
  expect([b1.disabled, b1.value, momentum.disabled]).toEqual([false, '0.9', true]);
  type(b1, '0.8');
  await choose('sgd');
  expect([b1.disabled, b1.value, momentum.disabled]).toEqual([true, '', false]);
  expect(readForm(training.form.value)).toMatchObject({
    problems: {},
    settings: { optimizer: { kind: 'sgd' } },
  });
});

test('widths and batch norm of a net with a name cannot be set, and are there again without it', async () => {
  const { root, training } = mount();
  const fields = [
    await find<HTMLInputElement>(root, '#field-hidden'),
    await find<HTMLSelectElement>(root, '#field-bn'),
  ];
  const net = await find<HTMLInputElement>(root, '#field-net');
  const isDisabled = () => fields.map(({ disabled }) => disabled);
  type(fields[0] as HTMLInputElement, '20');
  await painted();
  expect(isDisabled()).toEqual([false, false]);
  type(net, 'patch-4-10-50');
  await painted();
  expect(isDisabled()).toEqual([true, true]);
  const optimizer = await find<HTMLSelectElement>(root, '#field-optimizer');
  optimizer.value = 'adam';
  optimizer.dispatchEvent(new Event('change', { bubbles: true }));
  type(net, '');
  await painted();
  expect(isDisabled()).toEqual([false, false]);
  expect(readForm(training.form.value).settings.hidden).toEqual([20]);
});

test('another experiment says what it resets, and gives it back', async () => {
  const { root, training } = mount();
  const before: Form = {
    ...withText(emptyForm('base'), 'lambda', '0.02'),
    steps: '300',
    shuffle: false,
    seeds: '3',
  };
  training.form.value = before;
  await painted();
  const data = (await find(root, '#field-steps')).closest('details')!;
  expect(textIn(data, '.changed')).toBe('2 changed');
  const select = await find<HTMLSelectElement>(root, '#start');
  select.value = 'adam';
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await painted();
  expect(training.form.value).toEqual({ ...emptyForm('adam'), seeds: '3' });
  expect(root.textContent).toMatch(/3 changed settings were reset\./);
  (await find(root, '[data-act=undo]')).click();
  await painted();
  expect(training.form.value).toEqual(before);
  expect(root.querySelector('[data-act=undo]')).toBeNull();
  // Each of them has its own way back, too.
  for (const button of data.querySelectorAll<HTMLElement>('.reset')) button.click();
  expect(training.form.value).toEqual({ ...before, steps: '', shuffle: true });
});

test('a net that is named is offered the settings of its family: then it is the starting point, and Undo leads back', async () => {
  const { root, training } = mount();
  const typed = withText({ ...emptyForm('base'), seeds: '2', usesTuned: true }, 'net', 'vgg-8-16-32');
  const input = await find<HTMLInputElement>(root, '#field-net');
  training.form.value = { ...emptyForm('base'), seeds: '2', usesTuned: true };
  await painted();
  for (const text of ['vgg-8-16-3', 'vgg-8-16-', 'vgg-8-16-32']) {
    type(input, text);
    await painted();
    // What stands in the other fields changes by the button alone.
    expect(textOf(training.form.value, 'lr-max')).toBe('0.1');
    expect(root.querySelector('#family') === null).toBe(text.endsWith('-'));
  }
  expect(textIn(root, '#family')).toBe(
    'Its family is trained with other values of 15 settings. Take those of vgg-8-16-32',
  );
  const take = await find(root, '[data-act=family]');
  take.closest('details')!.open = true;
  take.focus();
  take.click();
  await painted();
  expect(training.form.value).toEqual({ ...emptyForm('vgg-8-16-32'), seeds: '2', usesTuned: true });
  expect(root.querySelector('#family')).toBeNull();
  expect(document.activeElement).toBe(input);
  const select = await find<HTMLSelectElement>(root, '#start');
  expect([select.value, select.selectedOptions[0]?.textContent]).toEqual(['vgg-8-16-32', 'vgg-8-16-32']);
  expect(textIn(root, '#start-help')).toBe('The net vgg-8-16-32, with the settings of its family.');
  expect(root.textContent).toContain('These settings were taken.');
  (await find(root, '[data-act=undo]')).click();
  await painted();
  expect(training.form.value).toEqual(typed);
  expect(select.value).toBe('base');
  expect([...select.options].map(({ value }) => value)).not.toContain('vgg-8-16-32');
  // What was changed beside the net is lost, and said.
  training.form.value = withText(typed, 'lambda', '0.02');
  await painted();
  (await find(root, '[data-act=family]')).click();
  await painted();
  expect(root.textContent).toContain('1 changed setting was reset.');
});

test('a file of weights is looked at when it is chosen: one that is none is refused by its name, one that is taken can be let go of', async () => {
  const { root, worker, training } = mount();
  const input = await find<HTMLInputElement>(root, '#field-init');
  const choose = async (name: string) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(16)], name));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    const asked = worker.calls.length;
    await vi.waitFor(
      () => expect(worker.calls.slice(asked).map(({ call }) => call)).toContain('checkWeights'),
      10_000,
    );
    return worker.calls.findLast(({ call }) => call === 'checkWeights')!.id;
  };
  const id = await choose('photo.jpg');
  worker.say({ id, error: { kind: 'failed', message: 'the header is no JSON' } });
  await painted();
  expect(textIn(root, '#field-init-problem')).toBe('photo.jpg is no file of weights: the header is no JSON');
  expect(input.files).toHaveLength(0);
  const before = await choose('before.safetensors');
  worker.say({ id: await choose('net.safetensors'), gives: null });
  worker.say({ id: before, gives: null });
  await painted();
  expect(root.querySelector('#field-init-problem')).toBeNull();
  expect(training.initial.file.value?.name).toBe('net.safetensors');
  expect(textIn(input.closest('details')!, '.changed')).toBe('1 changed');
  input.closest('.field')!.querySelector<HTMLElement>('.reset')!.click();
  await painted();
  expect(training.initial.file.value).toBeUndefined();
  expect(input.files).toHaveLength(0);
});

test('while a file of weights is looked at nothing starts: it is not known yet what that would start from', async () => {
  const { root, worker, training } = mount();
  const train = await find<HTMLButtonElement>(root, '[data-act=train]');
  await painted();
  expect(train.disabled).toBe(false);
  void training.initial.take(new File([new Uint8Array(8)], 'net.safetensors'));
  await painted();
  expect(train.disabled).toBe(true);
  expect(textIn(root, '#waits')).toBe('The weights are being checked.');
  worker.say({ id: worker.calls.findLast(({ call }) => call === 'checkWeights')!.id, gives: null });
  await painted();
  expect(train.disabled).toBe(false);
  expect(root.querySelector('#waits')).toBeNull();
});

test('seeds and measured kernels are marked where they are changed, and have a way back', async () => {
  const { root, training } = mount();
  await find(root, '#field-seeds');
  training.form.value = { ...emptyForm(), seeds: '3', usesTuned: true };
  await painted();
  const field = (id: string) => root.querySelector(id)!.closest<HTMLElement>('.field')!;
  expect(textIn(field('#field-tuned').closest('details')!, '.changed')).toBe('1 changed');
  for (const [id, name] of [
    ['#field-seeds', 'Reset Seeds to 1'],
    ['#field-tuned', 'Reset Measured kernels to no'],
  ] as const) {
    expect(field(id).dataset.changed).toBe('true');
    const reset = field(id).querySelector<HTMLElement>('.reset')!;
    expect(reset.getAttribute('aria-label')).toBe(name);
    reset.click();
  }
  expect(training.form.value).toEqual(emptyForm());
});

test('while kernels are measured no button trains, and the page says why', async () => {
  const mounted = mount();
  const { app, bar, root, runs } = mounted;
  const says = 'Kernels are being measured.';
  runs.runs.value = [record(mounted, {})];
  app.isMeasuring.value = true;
  const goOn = await find<HTMLButtonElement>(root, '.live-column [data-act=go-on]');
  await painted();
  expect((await find<HTMLButtonElement>(root, '[data-act=train]')).disabled).toBe(true);
  expect(textIn(root, '#waits')).toBe(says);
  expect(goOn.disabled).toBe(true);
  // Nor does a run that somebody has paused go on beside it, or another one in its place.
  app.isMeasuring.value = false;
  await start(mounted, { ...emptyForm(), steps: '20' });
  app.isMeasuring.value = true;
  app.run.value = { state: 'paused', by: 'you' };
  await painted();
  const pause = await find<HTMLButtonElement>(bar, '[data-act=pause]');
  expect([pause.disabled, pause.title]).toEqual([true, says]);
  expect((await find<HTMLButtonElement>(root, '[data-act=restart]')).disabled).toBe(true);
});

test('while another tab trains, that is said in the place of an invitation to train', async () => {
  const mounted = mount();
  const { root, runs } = mounted;
  const says = () => textIn(root, '.live-column .empty');
  await vi.waitFor(() => expect(says()).toMatch(/^Nothing trains yet/), 10_000);
  const stopped = record(mounted, { id: 'another', state: 'stopped' });
  runs.runs.value = [stopped, record(mounted, { state: 'running' })];
  await vi.waitFor(
    () => expect(says()).toMatch(/^Another tab trains adam 3\. One tab at a time may train/),
    10_000,
  );
  expect(root.querySelector('.live-column [data-act=go-on]')).toBeNull();
  runs.runs.value = [record(mounted, { state: 'finished' })];
  await vi.waitFor(() => expect(says()).toMatch(/^Nothing trains yet/), 10_000);
});

test('that another tab trains is said until it is let go of, and the next time again', async () => {
  const { app, root } = mount();
  const style = document.createElement('style');
  style.textContent = pageStyle;
  document.head.append(style);
  roots.push(style);
  const refuse = () => {
    app.run.value = { state: 'failed', kind: 'busy', message: 'another tab trains' };
  };
  refuse();
  const dismiss = await find(root, '.notices [data-act=dismiss]');
  // As wide as its word.
  expect(dismiss.offsetWidth).toBeLessThan(dismiss.parentElement!.offsetWidth / 2);
  dismiss.click();
  await painted();
  expect(textIn(root, '.notices')).toBe('');
  refuse();
  await painted();
  expect(textIn(root, '.notices')).toMatch(/^Another tab trains/);
});

test('a picture that is tried on a run that was deleted says that its weights are gone', async () => {
  const mounted = mount();
  const { runs, training, worker } = mounted;
  const { id, ended } = await start(mounted, { ...emptyForm(), steps: '20' });
  worker.say({ id, gives: { ...outcome, weights: [new Uint8Array(8)] } });
  await ended;
  await runs.forget(training.live.value!.record.id);
  await training.guessPicture(new File([], 'cat.png'));
  expect(training.ownPicture.value).toBe('Its weights are not here any more.');
});

test('a run that is paused for a measurement goes on when that is over, and by no button', async () => {
  const mounted = mount();
  const { app, bar, root } = mounted;
  await start(mounted, { ...emptyForm(), steps: '20' });
  for (const by of ['lab', 'you'] as const) {
    app.run.value = { state: 'paused', by };
    await painted();
    for (const part of [bar, root]) {
      const button = await find<HTMLButtonElement>(part, '[data-act=pause]');
      expect(button.textContent).toMatch(/Go on/);
      expect(button.disabled).toBe(by === 'lab');
      expect(button.title).toBe(by === 'lab' ? 'Goes on by itself when the measurement is over' : '');
    }
  }
});

test('the progress of a run that is started is on the screen', async () => {
  const mounted = mount();
  const { root } = mounted;
  await find(root, '[data-act=train]');
  // As on a phone, where the settings are longer than the screen.
  root.querySelector<HTMLElement>('.settings-column')!.style.minHeight = '3000px';
  scrollTo(0, 0);
  const sentence = await find(root, '#sentence');
  await start(mounted, { ...emptyForm(), steps: '20' });
  await painted();
  const { top, bottom } = sentence.getBoundingClientRect();
  expect(top).toBeGreaterThanOrEqual(0);
  expect(bottom).toBeLessThanOrEqual(innerHeight);
});

/** Presses a control with the focus on it, as a key does. */
function press(control: HTMLElement): void {
  control.focus();
  control.click();
}

test('the focus stays where the buttons are that Train and Stop gave way to, and presses none of them', async () => {
  const mounted = mount();
  const { root, worker } = mounted;
  const buttons = await find(root, '.settings .buttons');
  press(await find(root, '[data-act=train]'));
  await painted();
  expect(document.activeElement).toBe(buttons);
  const { id } = await trains(worker, emptyForm());
  await painted();
  expect(document.activeElement).toBe(buttons);
  press(await find(root, '[data-act=stop]'));
  await painted();
  expect(document.activeElement).toBe(buttons);
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await painted();
  expect(document.activeElement).toBe(buttons);
  expect(buttons.querySelector('[data-act=train]')).not.toBeNull();
});

test('the focus stays in the bar of a run that is stopped there, and goes to the sentence of one that goes on', async () => {
  const mounted = mount();
  const { bar, root, worker } = mounted;
  const { id, ended } = await start(mounted, emptyForm());
  worker.say(progress(10, [2]));
  worker.say({ event: 'checkpoint', step: 10, objectsPerStep: 0 });
  press(await find(bar, '[data-act=stop]'));
  await painted();
  expect(document.activeElement).toBe(bar.querySelector('.run-buttons'));
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  await painted();
  expect(document.activeElement).toBe(bar.querySelector('.run-bar'));
  const asked = worker.calls.length;
  press(await find(root, '.live-column [data-act=go-on]'));
  await painted();
  expect(document.activeElement).toBe(root.querySelector('#sentence'));
  await vi.waitFor(
    () => expect(worker.calls.slice(asked).map(({ call }) => call)).toContain('train'),
    10_000,
  );
  await trains(worker, emptyForm());
});

test('a field that is reset has the focus; one that somebody types in keeps it', async () => {
  const { root, training } = mount();
  const seeds = await find<HTMLInputElement>(root, '#field-seeds');
  seeds.focus();
  type(seeds, '3');
  await painted();
  expect(document.activeElement).toBe(seeds);
  press(root.querySelector<HTMLElement>('.field:has(#field-seeds) .reset')!);
  await painted();
  expect(training.form.value).toEqual(emptyForm());
  expect(document.activeElement).toBe(seeds);
});

const record = (mounted: ReturnType<typeof mount>, part: Partial<RunRecord>): RunRecord => {
  const { settings, train } = readForm({ ...emptyForm('adam'), seeds: '2', steps: '500' });
  const { live } = mounted.training;
  return {
    ...live.peek()?.record,
    id: 'a run',
    name: 'adam 3',
    origin: 'here',
    state: 'interrupted',
    problem: null,
    experiment: 'adam',
    settings,
    train,
    step: 1270,
    stepsPerEpoch: 450,
    elapsedMs: 0,
    msPerStep: 1,
    startedAt: '2026-11-28',
    perSeed: [],
    ...part,
  } as RunRecord;
};

test('what a reload interrupted is said, and goes on from the Train view, whose form is then the run’s', async () => {
  const mounted = mount();
  const { runs, root, training, worker } = mounted;
  await vi.waitFor(
    () => expect(root.textContent).toMatch(/Nothing trains yet.*See a recorded example of what/s),
    10_000,
  );
  runs.runs.value = [record(mounted, { state: 'finished' })];
  await painted();
  expect(root.textContent).toMatch(/Runs has what was trained here\./);
  runs.runs.value = [record(mounted, {})];
  await painted();
  expect(textIn(root, '#unfinished')).toBe('adam 3 was interrupted at step 1,270.');
  // What came behind the checkpoint is done again.
  runs.runs.value = [record(mounted, { checkpointStep: 1250 })];
  await painted();
  expect(textIn(root, '#unfinished')).toBe('adam 3 was interrupted at step 1,250.');
  expect(root.querySelector('.live-column a')!.getAttribute('href')).toBe('#/runs');
  // What that takes is said first.
  mounted.app.data.value = { state: 'absent', missingBytes: 184e6, canKeep: true, why: '' };
  await painted();
  expect(textIn(root, '.live-column [data-act=go-on]')).toBe('Download 184 MB and go on');
  mounted.app.data.value = { state: 'kept' };
  await painted();
  expect(textIn(root, '.live-column [data-act=go-on]')).toBe('Go on');
  (await find(root, '.live-column [data-act=go-on]')).click();
  const { takes } = await trains(worker, training.form.value);
  expect(takes).toMatchObject({ runId: 'a run', goesOn: true });
  expect(training.form.value).toEqual({ ...emptyForm('adam'), seeds: '2', steps: '500' });
  await painted();
  expect(root.querySelector('[data-act=restart]')).toBeNull();
});

test('a run that was stopped goes on from where it stands, and promises no test', async () => {
  const mounted = mount();
  const { root, worker } = mounted;
  const form = { ...emptyForm(), steps: '20' };
  const { id, ended } = await start(mounted, form);
  worker.say(progress(10, [2]));
  await painted();
  expect(textIn(root, '#test-accuracy')).toBe('at the end');
  expect(root.querySelector('[data-act=go-on]')).toBeNull();
  worker.say({ event: 'checkpoint', step: 10, objectsPerStep: 0 });
  worker.say({ id, gives: { ...outcome, finished: false, step: 10 } });
  await ended;
  await painted();
  expect(textIn(root, '#test-accuracy')).toBe('–');
  const asked = worker.calls.length;
  (await find(root, '[data-act=go-on]')).click();
  await vi.waitFor(
    () => expect(worker.calls.slice(asked).map(({ call }) => call)).toContain('train'),
    10_000,
  );
  await trains(worker, form);
});

test('a run whose only seed diverged is no result, in bar, sentence and status', async () => {
  const mounted = mount();
  const { app, bar, root, worker } = mounted;
  const { id, ended } = await start(mounted, { ...emptyForm(), steps: '20' });
  worker.say({ event: 'diverged', replica: 0, step: 10 });
  worker.say(progress(10, [Number.NaN]));
  await painted();
  expect(textIn(bar, '#run-state')).toBe('training, diverged');
  expect(bar.textContent).not.toMatch(/validation/);
  worker.say({
    id,
    gives: { ...outcome, test: [{ loss: Number.NaN, accuracy: 0.1 }], confusion: [confusionOf(1)] },
  });
  await ended;
  await painted();
  expect(textIn(bar, '#run-state')).toBe('diverged');
  expect(textIn(root, '#sentence')).toBe('base: diverged, epoch 1.0.');
  expect(app.announcement.value).toBe('Diverged at step 20');
  expect(textIn(root, '#test-accuracy')).toBe('–');
  expect(root.querySelector('.confusion')).toBeNull();
  expect(root.textContent + bar.textContent!).not.toMatch(/10\.0 %/);
});

test('a huge loss is short wherever it stands, and the black pictures of a net that diverged say why they are', async () => {
  const mounted = mount();
  const { root, training, worker } = mounted;
  await start(mounted, { ...emptyForm(), steps: '20' });
  worker.say(progress(10, [1.5e25]));
  const pixels = new Uint8ClampedArray(32 * 32 * 4);
  worker.say({ event: 'weights', count: 1, pixels });
  await painted();
  expect(textIn(root, '#loss')).toBe('1.50e25');
  expect(textIn(root, '#loss-summary')).toBe('Step 10: training 1.50e25, validation 1.50e25 at step 10.');
  await expect.poll(() => textIn(root, '#chart-loss .u-legend')).toMatch(/Loss, training ?1\.50e25/);
  const caption = () => textIn(root, '.card:has(.squares) .help');
  expect(caption()).toBe('The weights of each unit or filter as a picture, seed 1.');
  worker.say({ event: 'diverged', replica: 0, step: 12 });
  await painted();
  expect(caption()).toMatch(/seed 1\. It diverged: what is not finite is black\.$/);
  expect(training.pictures.value).toBeDefined();
});

test('seeds that diverged count in no mean, and the others together in one table', async () => {
  const mounted = mount();
  const { app, bar, root, worker } = mounted;
  const { id, ended } = await start(mounted, { ...emptyForm(), steps: '20', seeds: '3' });
  worker.say({ event: 'diverged', replica: 1, step: 10 });
  worker.say(progress(1090, [2, Number.NaN, 2]));
  await painted();
  expect(textIn(bar, '.run-bar')).toMatch(/training 1,090 of 20 validation 50\.0 %/);
  expect(textIn(root, '#accuracy-summary')).toBe(
    'Step 1,090: training 50.0 %, validation 50.0 % at step 1,090, mean of 2 seeds; the band is their range.',
  );
  expect(textIn(root, '#loss-summary')).toBe(
    'Step 1,090: training 2.000, validation 2.000 at step 1,090, mean of 2 seeds; the band is their range.',
  );
  for (const chart of ['accuracy', 'loss']) {
    expect(root.querySelector(`#chart-${chart}`)!.ariaLabel!.toLowerCase()).toBe(chart);
    const table = root.querySelector<HTMLElement>(`[aria-label="Validation ${chart} by step"]`)!;
    expect(textIn(table, 'tbody tr')).toBe(chart === 'loss' ? '1,090 2.000' : '1,090 50.0 %');
  }
  // A net that diverged still has an accuracy.
  const legendOf = (chart: string) => textIn(root, `#chart-${chart} .u-legend`);
  await expect.poll(() => legendOf('accuracy')).toMatch(/training ?50 %.*validation ?50 %/);
  expect(legendOf('loss')).toMatch(/Loss, training ?2\.00.*validation ?2\.00/);
  const scores = [0.4, 0.1, 0.6].map((accuracy) => ({ loss: 1, accuracy }));
  worker.say({ id, gives: { ...outcome, test: scores, confusion: [1, 1000, 4].map(confusionOf) } });
  await ended;
  await painted();
  expect(textIn(root, '#sentence')).toMatch(
    /50\.0 % of the test images are right, those seeds apart that diverged\.$/,
  );
  expect(textIn(root, '#diverged')).toMatch(/seed 2 at step 10/);
  expect(textIn(root, '#test-accuracy')).toBe('50.0 ± 14.1 %');
  expect(root.textContent).toMatch(/±: the standard deviation over seeds/);
  expect(textIn(root, '.confusion td[data-diagonal=true]')).toBe('5');
  expect(textIn(root, '.confusion caption')).toMatch(/2 seeds together$/);
  expect(app.announcement.value).toBe('Finished. Test accuracy 50.0 %');
  expect(textIn(root, '#next')).toMatch(/^Runs compares it/);
});

test('forced variants are said beside where the others come from', async () => {
  const mounted = mount();
  const { root, training } = mounted;
  const form = { ...emptyForm(), steps: '20', variants: { sgd: 'vec4', matmul: 'naive' } };
  training.form.value = form;
  await start(mounted, form);
  await painted();
  expect(textIn(root, '#kernels')).toBe('default, some forced');
  expect(root.textContent).toMatch(/Forced: matmul = naive, sgd = vec4/);
});

test('what a test is over views of each image is said wherever it is, of the same seeds', async () => {
  const mounted = mount();
  const { app, bar, root, runs, worker } = mounted;
  const form = withText({ ...emptyForm(), steps: '20', seeds: '3' }, 'tta', 'flip');
  const { id, ended } = await start(mounted, form);
  worker.say({ event: 'diverged', replica: 1, step: 10 });
  worker.say(progress(10, [2, Number.NaN, 2]));
  await painted();
  expect(textIn(root, '#test-over-views')).toBe('at the end');
  const scores = (accuracies: readonly number[]) => accuracies.map((accuracy) => ({ loss: 1, accuracy }));
  const overViews = { validation: null, test: scores([0.42, 0.1, 0.64]) };
  worker.say({ id, gives: { ...outcome, test: scores([0.4, 0.1, 0.6]), overViews } });
  await ended;
  await painted();
  expect(textIn(root, '#sentence')).toMatch(
    /50\.0 % of the test images are right, 53\.0 % over flips, those seeds apart that diverged\.$/,
  );
  expect(textIn(root, '.numbers')).toMatch(/Test ?50\.0 ± 14\.1 % ?Test over flips ?53\.0 ± 15\.6 %/);
  expect(textIn(bar, '#run-test')).toBe('test 50.0 %, 53.0 % over flips');
  expect(app.announcement.value).toBe('Finished. Test accuracy 50.0 %, 53.0 % over flips');
  expect(runs.runs.value[0]!.perSeed[2]).toMatchObject({
    testAccuracyOverViews: 0.64,
    testLossOverViews: 1,
    validationAccuracyOverViews: null,
  });
});
