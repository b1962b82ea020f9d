/** A steady step creates, writes and maps nothing; its dispatches are few, and as many for five replicas as for one. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { adam } from '../../src/optim/adam.ts';
import type { TrainReport } from '../../src/train/report-window.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { baseSettings, netOf, replica, syntheticDataset } from './synthetic.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const undo: (() => void)[] = [];
afterEach(() => {
  while (undo.length > 0) undo.pop()!();
});

/** Calls `seen` before each call of a method, of any object with this prototype. */
function watch(prototype: object, name: string, seen: (self: unknown, args: unknown[]) => void): void {
  const methods = prototype as Record<string, Method>;
  const original = methods[name]!;
  expect(typeof original, name).toBe('function');
  methods[name] = function (...args) {
    seen(this, args);
    return original.apply(this, args);
  };
  undo.push(() => {
    methods[name] = original;
  });
}

/** What a steady step must not do. */
const forbidden: readonly [object, readonly string[]][] = [
  [
    GPUDevice.prototype,
    [
      'createBuffer',
      'createTexture',
      'createSampler',
      'createBindGroup',
      'createBindGroupLayout',
      'createPipelineLayout',
      'createShaderModule',
      'createComputePipeline',
      'createComputePipelineAsync',
      'createQuerySet',
    ],
  ],
  [GPUQueue.prototype, ['writeBuffer', 'writeTexture', 'onSubmittedWorkDone']],
  [GPUBuffer.prototype, ['mapAsync', 'getMappedRange']],
];

const names = forbidden.flatMap(([, methods]) => methods);

/**
 * Counts calls by name between two points of the step count, which is told from the compute passes that were submitted: from behind the
 * statistics' first copy behind step `from` (its `mapAsync`) up to the submit that completes step `to`.
 */
function countBetween(from: number, to: number) {
  const counts: Record<string, number> = Object.fromEntries([...names, 'submit'].map((name) => [name, 0]));
  const all: Record<string, number> = { ...counts };
  const stepsPerSubmit: number[] = [];
  /** Steps submitted when counting began, and when it ended. */
  const window = { first: 0, last: 0 };
  let encoded = 0;
  let submitted = 0;
  let counting = false;
  let reached = false;
  watch(GPUCommandEncoder.prototype, 'beginComputePass', (_, [descriptor]) => {
    if ((descriptor as GPUComputePassDescriptor).label === 'training step') encoded++;
  });
  watch(GPUQueue.prototype, 'submit', () => {
    if (counting) {
      counts.submit!++;
      stepsPerSubmit.push(encoded - submitted);
    }
    submitted = encoded;
    if (submitted >= to) {
      if (counting) window.last = submitted;
      counting = false;
      reached = true;
    }
  });
  for (const [prototype, methods] of forbidden) {
    for (const name of methods) {
      watch(prototype, name, () => {
        all[name]!++;
        if (counting) counts[name]!++;
        if (name !== 'mapAsync' || submitted < from || counting || reached) return;
        counting = true;
        window.first = submitted;
      });
    }
  }
  return { counts, all, stepsPerSubmit, window, reached: () => reached };
}

/** The epoch of 1,000 images, 250 steps, is longer than the run. */
const longRun: TrainSettings = {
  ...baseSettings,
  batchSize: 4,
  valSize: 0,
  steps: 210,
  reportSteps: 100,
  flip: true,
};

/** Of a submit: several of them from one report to the next. */
const mostSteps = 25;

async function train(gpu: Gpu, settings: TrainSettings, images = 1000) {
  const { dataset } = syntheticDataset(gpu, images, 8);
  const trainer = await Trainer.make(gpu, dataset, settings, {
    choose: quickChoice,
    pacing: { maxSteps: mostSteps },
  });
  const reports: TrainReport[] = [];
  const finished = await trainer.train({ onReport: (report) => reports.push(report) });
  await trainer.destroy();
  dataset.destroy();
  return { finished, reports };
}

describe('between step 100 and step 200', () => {
  test.each(['sgd', 'adam'] as const)('%s, R=2', async (kind) => {
    const optimizer = kind === 'sgd' ? ({ kind } as const) : adam.defaults;
    const seen = countBetween(100, 200);
    // Nothing is compiled for it yet.
    const shared = await sharedGpu();
    const gpu = { ...shared, pipelines: new PipelineCache(shared) };
    const { finished, reports } = await train(gpu, {
      ...longRun,
      optimizer,
      cropPixels: kind === 'sgd' ? 0 : 2,
      replicas: [replica(1), replica(2)],
    });
    expect(finished).toBe(true);
    expect(reports.map(({ step }) => step)).toEqual([100, 200, 210]);
    expect(seen.reached()).toBe(true);
    const { first, last } = seen.window;
    expect(first).toBeGreaterThanOrEqual(100);
    expect(first).toBeLessThan(100 + mostSteps);
    expect(last).toBeGreaterThanOrEqual(200);
    expect(seen.stepsPerSubmit.reduce((sum, steps) => sum + steps, 0)).toBe(last - first);
    const { submit, onSubmittedWorkDone, getMappedRange, ...created } = seen.counts;
    // Pacing: one promise per submit and none per step; the statistics of step 100 arrive meanwhile.
    expect(submit).toBeGreaterThanOrEqual(1);
    expect(onSubmittedWorkDone).toBe(submit! - 1); // The window ends with the last submit.
    expect(getMappedRange).toBeLessThanOrEqual(1);
    expect(created).toEqual(Object.fromEntries(Object.keys(created).map((name) => [name, 0])));
    // The counters count: outside the window everything that a run needs was made and written.
    for (const name of ['createBuffer', 'createBindGroup', 'createShaderModule', 'writeBuffer'] as const) {
      expect(seen.all[name], name).toBeGreaterThan(5);
    }
    expect(seen.all.createComputePipelineAsync).toBeGreaterThan(5);
    expect(seen.all.mapAsync).toBeGreaterThanOrEqual(3);
  });

  test('an epoch that ends in between is seen', async () => {
    // 150 steps an epoch: a new sample order, and the end of the statistics.
    const seen = countBetween(100, 200);
    await train(await sharedGpu(), longRun, 600);
    expect(seen.reached()).toBe(true);
    expect(seen.counts.writeBuffer).toBeGreaterThanOrEqual(1);
    expect(seen.counts.mapAsync).toBeGreaterThanOrEqual(1);
  });

  test('small submits read nothing either', async () => {
    // On a slow adapter a report takes many submits; a slow clock makes this one slow.
    const now = performance.now.bind(performance);
    performance.now = () => 1000 * now();
    undo.push(() => {
      performance.now = now;
    });
    const seen = countBetween(100, 200);
    await train(await sharedGpu(), longRun);
    expect(seen.counts.submit).toBeGreaterThan(3);
    expect(seen.counts.mapAsync).toBe(0);
  });
});

describe('dispatches of a step', () => {
  async function stepOf(settings: TrainSettings) {
    const gpu = await requestGpu(navigator.gpu);
    const { dataset } = syntheticDataset(gpu, 64, 8);
    const trainer = await Trainer.make(gpu, dataset, settings, { choose: quickChoice });
    let passes = 0;
    const dispatches: unknown[][] = [];
    watch(GPUCommandEncoder.prototype, 'beginComputePass', () => passes++);
    watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', (_, args) => dispatches.push(args));
    await trainer.train();
    await trainer.destroy();
    gpu.device.destroy();
    const { steps } = settings;
    expect(passes).toBe(steps);
    expect(dispatches.length % steps).toBe(0);
    const perStep = dispatches.slice(0, dispatches.length / steps);
    for (let step = 0; step < steps; step++) {
      expect(dispatches.slice(step * perStep.length, (step + 1) * perStep.length)).toEqual(perStep);
    }
    expect(perStep.length).toBe(trainer.plan.dispatches.length);
    return perStep;
  }

  const base: TrainSettings = {
    ...baseSettings,
    net: netOf({ hidden: [50, 50] }),
    cropPixels: 0,
    valSize: 0,
    steps: 4,
  };

  test('at most 20 in one compute pass, and the replicas are their z', async () => {
    const one = await stepOf(base);
    const five = await stepOf({ ...base, replicas: [1, 2, 3, 4, 5].map((seed) => replica(seed)) });
    expect(one.length).toBeLessThanOrEqual(20);
    expect(five.map(([x, y]) => [x, y])).toEqual(one.map(([x, y]) => [x, y]));
    expect(new Set(one.map(([, , z]) => z))).toEqual(new Set([1]));
    expect(new Set(five.map(([, , z]) => z))).toEqual(new Set([5]));
  });

  test('Adam takes as many as SGD', async () => {
    expect((await stepOf({ ...base, optimizer: adam.defaults })).length).toBe((await stepOf(base)).length);
  });
});
