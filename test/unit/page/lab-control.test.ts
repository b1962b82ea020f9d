import { signal } from '@preact/signals-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Group } from '../../../src/measure/schema.ts';
import { EngineError } from '../../../src/page/engine/engine-error.ts';
import type { CallName, GpuReport, LabGroup, LabRequest } from '../../../src/page/engine/protocol.ts';
import type { App } from '../../../src/page/model/app.ts';
import { emptyForm } from '../../../src/page/model/form.ts';
import type { RunStatus } from '../../../src/page/model/status.ts';
import type { TrainingControl } from '../../../src/page/model/training-control.ts';
import { clockText } from '../../../src/page/views/kernels/clock-text.ts';
import { placeOf, scaleOf } from '../../../src/page/views/kernels/interval-picture.ts';
import { LabControl } from '../../../src/page/views/kernels/lab-control.ts';
import type { RankedRow } from '../../../src/page/views/kernels/ranking.ts';

const group = (op: string, shape: string, variants: readonly string[], usedBy: readonly string[] = []) =>
  ({
    id: `${op} ${shape} R=1`,
    op,
    title: op,
    usedBy,
    defaultVariant: 'tile',
    variants,
    skipped: [],
  }) as LabGroup;

/** The net has two shapes of matmul-forward and none of matmul-dgrad; `quad` fits one of them. */
function groupsOf({ product }: LabRequest): LabGroup[] {
  const asked = product === null ? [] : ['matmul-forward', 'matmul-wgrad', 'matmul-dgrad'];
  return [
    ...asked.map((op) =>
      group(op, `M=${product!.M} N=${product!.N} K=${product!.K}`, ['naive', 'tile', 'quad']),
    ),
    group('matmul-forward', 'M=100 N=12 K=52', ['naive', 'tile', 'quad'], ['layer 1']),
    group('matmul-forward', 'M=100 N=13 K=12', ['naive', 'tile'], ['layer 2']),
    group('matmul-wgrad', 'M=100 N=12 K=52', ['naive', 'tile'], ['layer 1']),
  ];
}

let lab: LabControl;
let form: TrainingControl['form'];
let said: string[];
/** Calls of the worker, by name. */
let calls: CallName[];
/** Groups that the worker knows. */
let known: LabGroup[];
let app: { report: GpuReport | undefined; readonly run: { value: RunStatus } };
/** While a training is paused for a measurement. */
let inPause: () => void;

const answers: Partial<Record<CallName, (takes: never) => unknown>> = {
  labGroups(takes: LabRequest) {
    known = groupsOf(takes);
    return known;
  },
  labPeaks: () => [],
  labMeasure({ id }: { readonly id: string }) {
    const listed = known.find((each) => each.id === id);
    if (listed === undefined) throw new EngineError('failed', `there is no group ${id}`);
    return { group: { ...listed, clock: 'gpu', warmupRounds: 0, rows: [] }, sources: {} };
  },
  labProfile: () => ({ group: 'step of base', dispatches: [] }),
};

beforeEach(() => {
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('document', { hidden: false, addEventListener() {}, removeEventListener() {} });
  [said, calls, known, inPause] = [[], [], [], () => {}];
  const report = { name: 'a GPU', adapter: {}, limits: [], timestamps: true } as unknown as GpuReport;
  const call = async (name: CallName, takes: never) => {
    calls.push(name);
    return answers[name]?.(takes);
  };
  const model = {
    engine: { listen() {}, call },
    announce: (text: string) => said.push(text),
    report,
    run: signal<RunStatus>({ state: 'none' }),
    isMeasuring: signal(false),
  };
  app = model;
  form = signal(emptyForm());
  const training = { form, pauseForLab: async () => inPause(), resume: async () => {} };
  lab = new LabControl(model as unknown as App, training as unknown as TrainingControl);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a shape that was added is the one that is selected, of the op that was', async () => {
  await lab.list();
  lab.selectedId.value = 'matmul-wgrad M=100 N=12 K=52 R=1';
  lab.product.value = '7, 7, 7';
  await lab.listProduct();
  expect(lab.selectedId.value).toBe('matmul-wgrad M=7 N=7 K=7 R=1');
  // What is no shape changes nothing, and neither does a form that is changed.
  lab.product.value = '7, 7';
  await lab.listProduct();
  expect(lab.problem.value).toMatch(/three whole numbers/);
  lab.product.value = '8, 8, 8';
  lab.selectedId.value = 'matmul-forward M=100 N=12 K=52 R=1';
  await lab.list();
  expect(lab.selectedId.value).toBe('matmul-forward M=100 N=12 K=52 R=1');
});

test('a variant that is used says where, and of how much of the net; pressed again it is used no more', async () => {
  await lab.list();
  lab.use('matmul-forward', 'tile');
  expect(form.value.variants).toEqual({ 'matmul-forward': 'tile' });
  expect(lab.isUsed('matmul-forward', 'tile')).toBe(true);
  expect(said.at(-1)).toMatch(/^Trainings compute matmul-forward by tile: .* Data, as “Forced”\.$/);
  lab.use('matmul-forward', 'quad');
  expect(lab.isUsed('matmul-forward', 'tile')).toBe(false);
  expect(said.at(-1)).toMatch(/“Forced”\. It fits 1 of the net’s 2 shapes/);
  expect(lab.used.value).toEqual({ op: 'matmul-forward', text: said.at(-1) });
  lab.use('matmul-forward', 'quad');
  expect(form.value.variants).toEqual({});
  expect(said.at(-1)).toBe('matmul-forward is not forced any more.');
});

test('a variant that computes nothing of the net is not used', async () => {
  await lab.list();
  for (const [op, variant] of [
    ['matmul-wgrad', 'quad'],
    ['matmul-dgrad', 'tile'],
  ] as const) {
    lab.use(op, variant);
    expect(said.at(-1)).toBe(
      `${variant} is not used: the net in the Train view’s form has no ${op} that it fits.`,
    );
  }
  expect(form.value.variants).toEqual({});
});

test('a worker that took the place of another is told of the groups again, once', async () => {
  await lab.list();
  known = [];
  await lab.run(lab.groups.value.slice(0, 2));
  expect(lab.problem.value).toBe('');
  expect(lab.results.value.size).toBe(2);
  expect(calls.filter((name) => name === 'labGroups')).toHaveLength(2);
  await lab.run([group('sgd', 'COUNT=1', ['naive'])]);
  expect(lab.problem.value).toBe('there is no group sgd COUNT=1 R=1');
  expect(calls.filter((name) => name === 'labGroups')).toHaveLength(3);
});

test('Stop, pressed while a training is paused for it, leaves nothing to measure', async () => {
  await lab.list();
  app.run.value = { state: 'running' };
  inPause = () => void lab.stop();
  await lab.runSelected();
  await lab.traceStep();
  expect(calls).toEqual(['labGroups', 'labStop', 'labStop']);
  expect([lab.isBusy.value, lab.isStopping.value, lab.problem.value]).toEqual([false, false, '']);
  inPause = () => {};
  await lab.runSelected();
  expect(lab.results.value.size).toBe(1);
});

test('a trace of a step that was stopped is not shown', async () => {
  const traced = lab.traceStep();
  await lab.stop();
  await traced;
  expect(lab.profile.value).toBeUndefined();
  await lab.traceStep();
  expect(lab.profile.value).toMatchObject({ group: 'step of base' });
});

test('what was measured can be saved when the GPU is lost', async () => {
  await lab.list();
  await lab.runSelected();
  app.report = undefined;
  expect(lab.file()).toMatchObject({
    header: { adapterName: 'a GPU' },
    groups: [{ id: lab.selectedId.value }],
  });
});

test('the steps of the clock are those that were measured', () => {
  const measured = (samplesNs: readonly number[], repeats = 1) =>
    ({ clock: 'gpu', warmupRounds: 0, rows: [{ samplesNs, repeats }] }) as unknown as Group;
  expect(clockText(false, [])).toBe('the clock of the page, from submit to done');
  expect(clockText(true, [])).toBe('GPU timestamps');
  const coarse = measured([15_000, 20_000, 30_000], 20); // Of 20 dispatches each.
  expect(clockText(true, [measured([1001, 1003]), coarse])).toBe('GPU timestamps, in steps of 100 µs');
  expect(clockText(true, [measured([1001, 1003])])).toBe('GPU timestamps, in steps too small to tell');
});

test('as long as it measures the page knows that, and a training that it has paused goes on only then', async () => {
  const isMeasuring = signal(false);
  const told: string[] = [];
  const tell = (what: string) => async () => void told.push(`${what}, measuring: ${isMeasuring.value}`);
  const app = {
    engine: {
      listen() {},
      async call(name: string) {
        await tell(name)();
        return {};
      },
    },
    run: signal({ state: 'running' }),
    isMeasuring,
  } as unknown as App;
  const training = { form, pauseForLab: tell('paused'), resume: tell('goes on') };
  const measuring = new LabControl(app, training as unknown as TrainingControl).traceStep();
  expect(isMeasuring.value).toBe(true);
  await measuring;
  expect(told).toEqual([
    'paused, measuring: true',
    'labProfile, measuring: true',
    'goes on, measuring: false',
  ]);
});

test('dots stand by logarithms where they would lie on one spot', () => {
  const rows = (...times: readonly number[]) =>
    times.map((value) => ({ time: { value, low: value, high: value } })) as unknown as RankedRow[];
  const close = scaleOf(rows(100, 900));
  expect(close.isLog).toBe(false);
  expect(placeOf(0, close)).toBe(0);
  expect(placeOf(495, close)).toBeCloseTo(0.5, 12);
  const wide = scaleOf([...rows(100, 1000, 10_000), { time: undefined } as RankedRow]);
  expect(wide.isLog).toBe(true);
  expect(placeOf(1000, wide)).toBeCloseTo(0.5, 12);
  // Ends of intervals without any are the ends of the scale.
  expect([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map((ns) => placeOf(ns, wide))).toEqual([0, 1]);
});

test('the scale holds the intervals, be it by logarithms; without an interval only the dot counts', () => {
  const row = (value: number, low: number, high: number) => ({ time: { value, low, high } }) as RankedRow;
  const unbounded = row(90, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const close = scaleOf([row(100, 80, 300), unbounded]);
  expect(close).toMatchObject({ isLog: false, from: 0 });
  expect(placeOf(300, close)).toBeLessThan(1);
  const wide = scaleOf([row(100, 50, 120), row(10_000, 9000, 40_000), unbounded]);
  expect(wide.isLog).toBe(true);
  for (const [end, place] of [
    [50, 0],
    [40_000, 1],
  ] as const) {
    expect(Math.abs(placeOf(end, wide) - place)).toBeGreaterThan(0);
    expect(placeOf(end, wide)).toBeCloseTo(place, 1);
  }
});
