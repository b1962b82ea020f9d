/** The Runs view on a real IndexedDB, in a page that is made up: what it shows of runs that come, go and come back. */
import { type Signal, signal } from '@preact/signals-core';
import { cdp, page } from '@vitest/browser/context';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import 'uplot/dist/uPlot.min.css';
import { experiments, trainSettings } from '../../src/experiments/experiments.ts';
import type { App } from '../../src/page/model/app.ts';
import { emptyForm, type Form } from '../../src/page/model/form.ts';
import { RunList } from '../../src/page/model/run-list.ts';
import { emptyMetrics, type RunMetrics, type RunRecord } from '../../src/page/model/run-record.ts';
import type { DataStatus } from '../../src/page/model/status.ts';
import type { TrainingControl } from '../../src/page/model/training-control.ts';
import pageStyle from '../../src/page/page.css?inline';
import type { Router } from '../../src/page/router.ts';
import { writeRunFile } from '../../src/page/store/run-file.ts';
import { deleteRun, readRuns } from '../../src/page/store/run-store.ts';
import { mountRuns } from '../../src/page/views/runs/runs-view.ts';

const { settings } = experiments[0]!;

/** A run of this browser, the `age`th newest. */
function runOf(name: string, age: number, rest: Partial<RunRecord> = {}): RunRecord {
  return {
    id: name,
    name,
    origin: 'here',
    state: 'finished',
    problem: null,
    experiment: 'base',
    settings,
    train: trainSettings(settings, { seeds: [1], shuffle: true, reportSteps: 5, steps: 20 }),
    step: 20,
    stepsPerEpoch: 450,
    dispatchesPerStep: 17,
    modelBytes: 1,
    variants: {},
    kernels: 'default',
    adapter: 'an adapter',
    browser: 'a browser',
    startedAt: new Date(Date.UTC(2026, 10, 27) - 3600_000 * age).toISOString(),
    elapsedMs: 1,
    msPerStep: 1,
    perSeed: [],
    style: age % 8,
    pinned: false,
    hasWeights: false,
    initial: null,
    ...rest,
  };
}

const metrics: RunMetrics = {
  ...emptyMetrics(1),
  validationSteps: [10, 20],
  validationLoss: [2, 1],
  validationAccuracy: [0.3, 0.4],
};

const data = signal<DataStatus>({ state: 'kept' });
const isMeasuring = signal(false);

interface Opened {
  readonly runs: RunList;
  /** Trains a run to its end. */
  readonly train: (record: RunRecord) => Promise<void>;
  readonly report: () => number;
  readonly isShown: Signal<boolean>;
  readonly said: string[];
  readonly form: TrainingControl['form'];
  readonly root: HTMLElement;
}

const roots: HTMLElement[] = [];
const forget = async () => {
  for (const { id } of await readRuns()) await deleteRun(id);
};
beforeEach(forget);
afterEach(async () => {
  vi.restoreAllMocks();
  for (const root of roots.splice(0)) root.remove();
  await forget();
});

/** Opens the view in a browser that keeps these runs. */
async function open(kept: readonly RunRecord[]): Promise<Opened> {
  const said: string[] = [];
  const app = {
    engine: { call: async () => {} },
    run: signal({ state: 'none' }),
    data,
    isMeasuring,
    log() {},
    announce: (text: string) => said.push(text),
  } as unknown as App;
  const runs = new RunList(app);
  for (const run of kept) await runs.keep(run, metrics);
  await runs.load(async () => new Set());
  const live = signal<object | undefined>(undefined);
  const version = signal(0);
  let asked = 0;
  const training = {
    live,
    version,
    runs,
    form: signal(emptyForm()),
    replaceForm(by: Form) {
      training.form.value = by;
    },
    goOn: async () => {},
  } as unknown as TrainingControl;
  const root = document.createElement('div');
  root.className = 'view';
  root.style.width = '1200px';
  document.body.append(root);
  roots.push(root);
  const isShown = signal(true);
  const router = { go() {} } as unknown as Router;
  mountRuns(root, { app, runs, training, router, isShown: () => isShown.value });
  await expect.poll(() => root.querySelector('[data-run]')).not.toBeNull();
  const train = async (record: RunRecord) => {
    live.value = {
      record,
      get metrics() {
        asked++;
        return metrics;
      },
    };
    await runs.keep(record, metrics);
  };
  /** How often curves of the run in progress are asked for when it reports. */
  const report = () => {
    asked = 0;
    version.value++;
    return asked;
  };
  return { runs, train, report, isShown, said, form: training.form, root };
}

/** Names of the runs in the chart, as its legend has them. */
const inChart = ({ root }: Opened) =>
  [...root.querySelectorAll('.u-legend tr:not(.is-edge) .u-label')]
    .map((label) => label.textContent!)
    .slice(1);
const names = ({ root }: Opened) =>
  [...root.querySelectorAll<HTMLInputElement>('.run-title')].map(({ value }) => value);
const part = ({ root }: Opened, run: string, selector: string) =>
  root.querySelector<HTMLInputElement>(`[data-run="${run}"] ${selector}`)!;
const textOf = ({ root }: Opened) => root.textContent!.replace(/\s+/g, ' ');
/** Two paintings are a tenth of a second apart. */
const painted = () => new Promise((resolve) => setTimeout(resolve, 250));

/** Presses a button with the focus on it, as a hand or a key does. */
function press(button: HTMLElement): void {
  button.focus();
  button.click();
}

test('what was trained while another view was shown is in the chart when this one is back', async () => {
  const view = await open([]);
  await expect.poll(() => inChart(view)).toEqual(['Quick look']);
  view.isShown.value = false;
  await view.train(runOf('mine', 0));
  await painted();
  expect(view.report()).toBe(0); // Nobody looks on.
  view.isShown.value = true;
  await expect.poll(() => inChart(view)).toEqual(['mine']);
  expect(view.report()).toBe(1);
});

test('a run that starts is shown; where that is one too many, the oldest that is not pinned goes', async () => {
  const kept = Array.from({ length: 9 }, (_, i) => runOf(`run ${i}`, 9 - i, { pinned: i === 0 }));
  const view = await open(kept.slice(0, 3));
  await expect.poll(() => inChart(view)).toHaveLength(3);
  for (const run of kept.slice(3, 8)) await view.train(run);
  await expect.poll(() => inChart(view)).toHaveLength(8);
  await view.train(kept[8]!);
  await expect.poll(() => inChart(view)).toContain('run 8');
  expect(inChart(view)).toHaveLength(8);
  expect(inChart(view)).toContain('run 0');
  expect(inChart(view)).not.toContain('run 1');
  // One that was taken out stays out.
  await expect.poll(() => part(view, 'run 8', '[type=checkbox]')).not.toBeNull();
  part(view, 'run 8', '[type=checkbox]').click();
  await view.runs.edit('run 8', { name: 'run 8, renamed' });
  await painted();
  expect(inChart(view)).not.toContain('run 8, renamed');
});

test('runs in the chart are told apart by colour and dash, in list and legend alike, however many there are', async () => {
  const style = document.createElement('style');
  style.textContent = pageStyle;
  document.head.append(style);
  roots.push(style);
  const view = await open([
    runOf('a', 0, { style: 1 }),
    runOf('b', 1, { style: 1 }),
    runOf('c', 2, { style: 0 }),
  ]);
  await expect.poll(() => inChart(view)).toEqual(['a', 'b', 'c']);
  const lines = () =>
    ['a', 'b', 'c'].map((run) => part(view, run, '.run-line').classList.value.replace('run-line ', ''));
  // The oldest was chosen first.
  expect(lines()).toEqual(['style-2', 'style-1', 'style-0']);
  const markers = [...view.root.querySelectorAll<HTMLElement>('.u-legend .u-marker')].slice(1);
  const dashes = markers.map(({ style }) =>
    [...style.background.matchAll(/(\d+)px/g)].map(([, px]) => Number(px)),
  );
  expect(dashes).toEqual([[0, 2, 2, 5], [0, 8, 8, 12], []]);
  // One that leaves gives its style back.
  part(view, 'b', '[type=checkbox]').click();
  await expect.poll(lines).toEqual(['style-1', 'style-1', 'style-0']);
});

test('the first run that is imported is in the chart', async () => {
  const view = await open([]);
  await expect.poll(() => inChart(view)).toEqual(['Quick look']);
  const bytes = await writeRunFile({ record: runOf('elsewhere', 3), metrics, weights: undefined });
  await view.runs.import([new File([bytes], 'a.run.safetensors'), new File(['x'], 'cat.jpg')]);
  await expect.poll(() => inChart(view)).toEqual(['elsewhere']);
  expect(view.said.at(-1)).toBe('1 run imported, 1 file refused');
  // Read, and done with.
  await expect.poll(() => view.root.querySelectorAll('.refused li').length).toBe(1);
  press(view.root.querySelector<HTMLElement>('[data-act=dismiss]')!);
  await expect.poll(() => view.root.querySelector('.refused')).toBeNull();
});

test('Delete, pressed twice, deletes one run: the focus goes to Undo, and from there to the run that is back', async () => {
  const view = await open([runOf('a', 0), runOf('b', 1), runOf('c', 2)]);
  await expect.poll(() => inChart(view)).toEqual(['a', 'b', 'c']);
  press(part(view, 'b', '[type=checkbox]'));
  const rowOfC = part(view, 'c', '.run-title').closest('tr');
  for (const [run, told] of [
    ['a', 'a was deleted.'],
    ['b', '2 runs were deleted.'],
  ] as const) {
    press(part(view, run, '[data-act=delete]'));
    part(view, run, '[data-act=delete]').click(); // Before it is gone.
    await expect.poll(() => names(view)).not.toContain(run);
    expect(document.activeElement).toBe(view.root.querySelector('[data-act=undo]'));
    expect(textOf(view)).toContain(told);
    // A row stays its run's, with what has the focus in it.
    expect(part(view, 'c', '.run-title').closest('tr')).toBe(rowOfC);
  }
  expect(names(view)).toEqual(['c']);
  await expect.poll(() => inChart(view)).toEqual(['c']);
  expect(textOf(view)).toContain('1 of at most 8 runs');
  // All that can still come back does, as it was.
  (document.activeElement as HTMLElement).click();
  await expect.poll(() => names(view)).toEqual(['a', 'b', 'c']);
  expect(document.activeElement?.closest('tr')?.dataset.run).toBe('b');
  await expect.poll(() => inChart(view)).toEqual(['a', 'c']);
  await expect.poll(async () => (await readRuns()).length).toBe(3);
});

test('what cannot be saved is said: weights that are gone, and a storage that cannot be read', async () => {
  const saved: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
  const view = await open([runOf('a', 0, { hasWeights: true })]);
  const said = () => view.root.querySelector('.refused')?.textContent;
  press(part(view, 'a', '[data-act=weights]'));
  await expect.poll(said).toBe('This browser does not have the weights of a any more.');
  press(part(view, 'a', '[data-act=export]'));
  await expect.poll(said).toBe('a was saved without its weights: this browser does not have them any more.');
  expect(saved).toEqual(['a.run.safetensors']);
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new DOMException('the storage is damaged', 'UnknownError');
  });
  press(part(view, 'a', '[data-act=export]'));
  await expect.poll(said).toBe('a could not be saved: the storage is damaged');
  expect(saved).toHaveLength(1);
});

test('a run without a name keeps the one that it had', async () => {
  const view = await open([runOf('a', 0)]);
  const title = part(view, 'a', '.run-title');
  title.value = '  ';
  title.dispatchEvent(new Event('change'));
  expect(title.value).toBe('a');
  await painted();
  expect(title.value).toBe('a');
});

test('the filter takes words of what differs; the chart shows what the list does, and no run is said', async () => {
  const other = { ...settings, lambda: 0.001 };
  const view = await open([runOf('a', 0, { settings: other }), runOf('b', 1, { perSeed: [tested(0.5)] })]);
  await expect.poll(() => inChart(view)).toEqual(['a', 'b']);
  const filter = (text: string) => {
    const input = view.root.querySelector<HTMLInputElement>('[type=search]')!;
    input.value = text;
    input.dispatchEvent(new Event('input'));
  };
  filter('lambda');
  await expect.poll(() => names(view)).toEqual(['a']);
  await expect.poll(() => inChart(view)).toEqual(['a']);
  filter('no such run');
  await expect.poll(() => names(view)).toEqual([]);
  expect(textOf(view)).toContain('No run matches “no such run”.');
  await expect.poll(() => view.root.querySelector('figure')!.hidden).toBe(true);
});

const tested = (testAccuracy: number, seed = 1) => ({
  seed,
  testAccuracy,
  validationAccuracy: testAccuracy - 0.01,
  validationLoss: 1,
  testLoss: 1,
  divergedAtStep: null,
  confusion: null,
});

test('the settings of shown runs are the same where nothing differs, steps, order and kernels included', async () => {
  const view = await open([runOf('a', 0), runOf('b', 1), runOf('c', 2, { settings: null })]);
  await expect.poll(() => inChart(view)).toEqual(['a', 'b', 'c']);
  const same = 'The shown runs have the same settings.';
  // Of one of them the settings are not known.
  expect(textOf(view)).not.toContain(same);
  part(view, 'c', '[type=checkbox]').click();
  await expect.poll(() => textOf(view)).toContain(same);
  const train = { ...runOf('b', 1).train, steps: 40, shuffle: false };
  await view.runs.edit('b', { train, kernels: 'measured', initial: 'net.safetensors' });
  await expect.poll(() => textOf(view)).not.toContain(same);
  const rows = [...view.root.querySelectorAll('[aria-label="Settings that differ"] tr')];
  expect(rows.map((each) => [...each.children].map((cell) => cell.textContent))).toEqual([
    ['Run', 'Steps', 'Initial weights', 'New order each epoch', 'Kernels', 'Test'],
    ['a', '20', 'random', 'yes', 'default', '–'],
    ['b', '40', 'net.safetensors', 'no', 'measured', '–'],
  ]);
});

test('a test over views of each image stands below that of the images, in the list and beside other settings', async () => {
  const viewed = { ...tested(0.4), testAccuracyOverViews: 0.42 };
  const train = { ...runOf('a', 0).train, testViews: 'shift' as const };
  const shifted = { train, settings: { ...settings, testViews: 'shift' as const } };
  const view = await open([
    runOf('a', 0, { perSeed: [viewed], ...shifted }),
    runOf('b', 1, { perSeed: [tested(0.4)] }),
  ]);
  await expect.poll(() => inChart(view)).toEqual(['a', 'b']);
  const test = (run: string) => part(view, run, '[data-label=Test]').textContent;
  expect([test('a'), test('b')]).toEqual(['40.0 %42.0 % over shifts and flips', '40.0 %']);
  expect(textOf(view)).toMatch(/a ?shift ?40\.0 % ?42\.0 % over shifts and flips/);
});

test('“Settings to the form” brings the kernels, too', async () => {
  const view = await open([runOf('a', 0, { kernels: 'measured', forced: { sgd: 'vec4' } })]);
  await expect.poll(() => part(view, 'a', '[data-act=settings]')).not.toBeNull();
  part(view, 'a', '[data-act=settings]').click();
  expect(view.form.value).toEqual({
    ...emptyForm(),
    steps: '20',
    usesTuned: true,
    variants: { sgd: 'vec4' },
  });
});

test('one seed each is no test, which the list says; the same seed twice is told as such', async () => {
  const view = await open([
    runOf('a', 0, { perSeed: [tested(0.4)] }),
    runOf('b', 1, { perSeed: [tested(0.5)] }),
    runOf('c', 2, { perSeed: [tested(0.5)] }),
  ]);
  expect(textOf(view)).toContain(
    'Against c: test accuracy, paired by seed. One seed in common gives no test',
  );
  expect(textOf(view)).not.toContain('Holm');
  expect(part(view, 'b', '.difference').textContent).toMatch(
    /^\s*\+0\.00 points\s*the same, with the same seed/,
  );
  // A minus, not a hyphen.
  expect(part(view, 'a', '.difference').textContent).toMatch(/^\s*−10\.00 points/);
});

test('a seed that diverged is in no mean of the list, which says how many are left out', async () => {
  const diverged = { ...tested(0.1, 2), divergedAtStep: 1234 };
  const view = await open([
    runOf('a', 0, { perSeed: [tested(0.4), diverged, tested(0.5, 3)] }),
    runOf('b', 1, { perSeed: [diverged] }),
  ]);
  const figures = (run: string) =>
    [...view.root.querySelectorAll(`[data-run="${run}"] .figure`)].map((cell) => cell.textContent!.trim());
  expect(figures('a').slice(1, 3)).toEqual(['44.0 ± 7.1 %', '45.0 ± 7.1 %']);
  expect(figures('b').slice(1, 3)).toEqual(['–', '–']);
  expect(part(view, 'a', '[data-label=State]').textContent).toMatch(
    /diverged, seed 2, step 1,234; 1 of 3 seeds left out/,
  );
});

test('Go on says from which step, what it downloads, and why it cannot be pressed', async () => {
  const view = await open([runOf('a', 0, { state: 'interrupted', step: 1300, checkpointStep: 1250 })]);
  const button = () => part(view, 'a', '[data-act=go-on]');
  const says = (text: string) => expect.poll(() => button().textContent!.trim()).toBe(text);
  await says('Go on from step 1,250');
  // What came behind the checkpoint is done again.
  expect(part(view, 'a', '[data-label=State]').textContent).toMatch(/^\s*interrupted\s*step 1,250\s*$/);
  expect(button().disabled).toBe(false);
  data.value = { state: 'absent', missingBytes: 184e6, canKeep: true, why: '' };
  await says('Download 184 MB and go on from step 1,250');
  data.value = { state: 'kept' };
  isMeasuring.value = true;
  await expect.poll(() => button().disabled).toBe(true);
  expect(button().title).toMatch(/^Kernels are being measured/);
  isMeasuring.value = false;
});

test('a run that cannot be read is not deleted: it could not come back', async () => {
  const view = await open([runOf('a', 0)]);
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new DOMException('not here', 'InvalidStateError');
  });
  press(part(view, 'a', '[data-act=delete]'));
  await expect.poll(() => view.said).toEqual(['a was not deleted: not here']);
  expect(names(view)).toEqual(['a']);
});

test('the list is in the order that was asked for, pinned runs first', async () => {
  const view = await open([
    runOf('a', 0, { perSeed: [tested(0.4)] }),
    runOf('b', 1),
    runOf('c', 2, { perSeed: [tested(0.6)] }),
    runOf('d', 3, { perSeed: [tested(0.5)], pinned: true }),
  ]);
  expect(names(view)).toEqual(['d', 'a', 'b', 'c']);
  const order = view.root.querySelector<HTMLSelectElement>('#run-order')!;
  order.value = 'test';
  order.dispatchEvent(new Event('change'));
  await expect.poll(() => names(view)).toEqual(['d', 'c', 'a', 'b']);
});

const long = 'x'.repeat(80);

test.each([320, 641, 800, 1160, 1161])(
  '%i pixels wide, all scores are on the screen, however long the names',
  async (width) => {
    await page.viewport(width, 700);
    const style = document.createElement('style');
    style.textContent = pageStyle;
    document.head.append(style);
    try {
      const seeds = [1, 2, 3].map((seed) => tested(0.5 + 0.01 * seed, seed));
      const others = [1, 2, 3].map((seed) => tested(0.5 + 0.011 * seed, seed));
      const view = await open([
        runOf(`base ${long}`, 0, { perSeed: others, settings: { ...settings, lambda: 0.001, hidden: [20] } }),
        runOf('base', 1, { perSeed: seeds }),
      ]);
      view.root.style.width = `${width - 2 * 16}px`;
      view.runs.unkept.value = long;
      await view.runs.import([new File(['x'], `${long}.jpg`)]);
      await expect.poll(() => inChart(view)).toHaveLength(2);
      await expect.poll(() => view.root.querySelectorAll('.refused li').length).toBe(1);
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
      const { right } = view.root.querySelector('.runs-list')!.getBoundingClientRect();
      for (const cell of view.root.querySelectorAll('.runs td:is(.figure, .difference)')) {
        expect(cell.getBoundingClientRect().right, cell.outerHTML).toBeLessThanOrEqual(right + 1);
      }
      // Nothing is behind the edge of its card.
      for (const text of view.root.querySelectorAll('.refused, .help, .undo, .u-legend')) {
        expect(text.scrollWidth, text.outerHTML).toBeLessThanOrEqual(text.clientWidth + 1);
      }
    } finally {
      style.remove();
      await page.viewport(1280, 900);
    }
  },
);

test('what the chart shows is said in a sentence, and its last values are a table', async () => {
  const view = await open([runOf('a', 1, { msPerStep: 20 })]);
  await expect.poll(() => inChart(view)).toEqual(['a']);
  const summary = () => view.root.querySelector('#overlay-summary')!.textContent;
  const rows = () =>
    [...view.root.querySelectorAll('figure tbody tr:not(.u-series)')].map((each) =>
      each.textContent!.trim().split(/\s{2,}/),
    );
  const name = () => view.root.querySelector('#chart-overlay')!.ariaLabel;
  expect(summary()).toBe('Validation accuracy: a 40.0 % at step 20.');
  expect(rows()).toEqual([['a', '20', '40.0 %']]);
  expect(name()).toBe('Validation accuracy by step');
  await view.train(runOf('b', 0, { msPerStep: 1000 }));
  const [metric, axis] = view.root.querySelectorAll<HTMLSelectElement>('figure select');
  for (const [select, value] of [
    [metric!, 'validationLoss'],
    [axis!, 'seconds'],
  ] as const) {
    select.value = value;
    select.dispatchEvent(new Event('change'));
  }
  await expect.poll(summary).toBe('Validation loss, the last values of 2 runs: from 1.000 (b) to 1.000 (a).');
  expect(rows()).toEqual([
    ['b', '0:20', '1.000'],
    ['a', '0:00', '1.000'],
  ]);
  expect(name()).toBe('Validation loss by seconds');
});

test.each(['epoch', 'seconds'])('by %s, the ticks of a run of 20 steps tell where it ends', async (axis) => {
  const texts: string[] = [];
  vi.spyOn(CanvasRenderingContext2D.prototype, 'fillText').mockImplementation((text) => {
    if (text !== '' && !text.includes('%')) texts.push(text);
  });
  const view = await open([runOf('a', 0, { msPerStep: 20 })]);
  await expect.poll(() => inChart(view)).toEqual(['a']);
  const select = view.root.querySelectorAll<HTMLSelectElement>('figure select')[1]!;
  texts.length = 0;
  select.value = axis;
  select.dispatchEvent(new Event('change'));
  const ticksOf = () => texts.filter((text) => /^[\d.:]+( s)?$/.test(text));
  await expect.poll(() => new Set(ticksOf()).size).toBeGreaterThan(3);
  const ticks = ticksOf();
  expect(Math.max(...ticks.map(Number.parseFloat))).toBeCloseTo(axis === 'epoch' ? 0.044 : 0.4, 1);
  if (axis === 'seconds') for (const tick of ticks) expect(tick).toMatch(/ s$/);
});

test('in print nothing is cut off, dark as the screen may be, and what only hands can use is left out', async () => {
  const style = document.createElement('style');
  style.textContent = pageStyle;
  document.head.append(style);
  const client = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
  const emulate = (media: string, scheme: string) =>
    client.send('Emulation.setEmulatedMedia', {
      media,
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
  try {
    const view = await open([runOf('a', 0, { perSeed: [tested(0.5)] })]);
    await emulate('screen', 'dark');
    const styleOf = (selector: string) => getComputedStyle(view.root.querySelector(selector)!);
    const card = () => styleOf('.card').backgroundColor;
    expect(card()).toBe('rgb(26, 30, 37)');
    await emulate('print', 'dark');
    expect(card()).toBe('rgb(255, 255, 255)');
    const { overflowX, overflowY, maxHeight } = styleOf('.runs-list');
    expect([overflowX, overflowY, maxHeight]).toEqual(['visible', 'visible', 'none']);
    expect([styleOf('.runs .actions').display, styleOf('.toolbar').display]).toEqual(['none', 'none']);
  } finally {
    style.remove();
    await emulate('', '');
  }
});
