/** All behind the first layer's product in one workgroup: the same training as in dispatches of its own, populations and interrupted runs included. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { traitsOf } from '../../src/gpu/adapter-kind.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { refusal } from '../../src/kernels/kernel.ts';
import { type NetTailShape, netTail } from '../../src/kernels/net-tail.ts';
import { forcedChoice, variantNamed } from '../../src/kernels/variant-choice.ts';
import { courseBatchNorm } from '../../src/nn/net-spec.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { stepChoiceOf, stepName, tuneStep } from '../../src/train/step-choice.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import type { Tuning } from '../../src/train/tuner.ts';
import { naiveChoice, sharedGpu } from './device.ts';
import {
  baseSettings,
  firstDifference,
  netOf,
  replica,
  type SyntheticDataset,
  syntheticDataset,
} from './synthetic.ts';

let gpu: Gpu;
let data: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, 136, 20);
});
afterAll(() => data.dataset.destroy());

const settings: TrainSettings = { ...baseSettings, steps: 20, reportSteps: 1 };

/** An adapter whose compiler takes a minute for each text of this shader: one of each kind is enough there. */
const compilesSlowly = () => Number.isFinite(gpu.capabilities.mostUnrolled);
const slowly = 'this adapter compiles slowly: another of these is tested';

/** Trains; `until`: the step after which it stops. */
async function run(given: TrainSettings, options: TrainerOptions, until = Number.POSITIVE_INFINITY) {
  const trainer = await Trainer.make(gpu, data.dataset, given, {
    choose: naiveChoice,
    ...options,
  });
  const stop = new AbortController();
  const losses: (readonly number[])[] = [];
  await trainer.train({
    signal: stop.signal,
    onReport: ({ loss }) => losses.push(loss),
    onCheckpoint: ({ step }) => {
      if (step >= until) stop.abort();
    },
  });
  const [weights, checkpoint] = [await trainer.weights(), await trainer.checkpoint()];
  const dispatches = trainer.plan.dispatches.map(({ op }) => op);
  await trainer.destroy();
  gpu.check();
  return { losses, weights, checkpoint, dispatches };
}

const nets = {
  'two hidden layers': settings,
  'one hidden layer': { ...settings, net: netOf({ hidden: [14] }) },
  'five hidden layers and smoothed labels': {
    ...settings,
    net: netOf({ hidden: [14, 9, 12, 5, 20] }),
    labelSmoothing: 0.1,
  },
  Adam: { ...settings, optimizer: { kind: 'adam', b1: 0.9, b2: 0.999, eps: 1e-8 } },
} satisfies Record<string, TrainSettings>;

describe('losses of 20 steps are those of separate dispatches', () => {
  test.for(Object.entries(nets))('%s', async ([, given], { skip }) => {
    skip(compilesSlowly() && given.net !== settings.net, slowly);
    const separate = await run(given, {});
    const short = await run(given, { oneWorkgroup: true });
    expect(short.dispatches.filter((op) => op === 'net-tail')).toHaveLength(1);
    expect(short.dispatches.length).toBeLessThanOrEqual(6);
    expect(separate.losses).toHaveLength(20);
    for (const [step, [loss]] of short.losses.entries()) {
      // What sums in another order amount to: a few units of 2^-24 in the first step, more with every update.
      expect(Math.abs(loss! / separate.losses[step]![0]! - 1), `step ${step}`).toBeLessThan(
        1e-6 * 2 ** (step / 3),
      );
    }
  });
});

/** What adapters refuse for every shape, they refuse for this. */
const smallest = defaultShapes('net-tail')[0] as NetTailShape;

test.for(netTail.variants.map(({ name }) => name))(
  'a replica of a population has the bits of a run of its own: %s',
  async (name, { skip }) => {
    const known = variantNamed(netTail, name);
    const reason = refusal(known, smallest, gpu.capabilities);
    skip(reason !== undefined, reason);
    skip(compilesSlowly() && known !== netTail.variants[0], slowly);
    const choose = forcedChoice({ 'net-tail': name }, naiveChoice);
    const replicas = [replica(1), replica(2, 0.001, 0.5), replica(3)];
    const population = await run({ ...settings, replicas }, { choose, oneWorkgroup: true });
    for (const [r, one] of replicas.entries()) {
      const alone = await run({ ...settings, replicas: [one] }, { choose, oneWorkgroup: true });
      expect(firstDifference(population.weights[r]!, alone.weights[0]!)).toBeUndefined();
      expect(population.losses.map((losses) => losses[r])).toEqual(alone.losses.map(([loss]) => loss));
    }
  },
);

test('a run that is interrupted goes on to the same bits, also where the default would be separate dispatches', async () => {
  const whole = await run(settings, { oneWorkgroup: true });
  const half = await run(settings, { oneWorkgroup: true }, 6);
  expect(half.checkpoint.step).toBeLessThan(settings.steps);
  const checkpoint: Checkpoint = readCheckpoint(writeCheckpoint(half.checkpoint));
  expect(checkpoint.oneWorkgroup).toBe(true);
  const rest = await run(settings, { checkpoint });
  expect(rest.dispatches).toContain('net-tail');
  expect(firstDifference(rest.weights[0]!, whole.weights[0]!)).toBeUndefined();
});

test.each([
  ['no batch norm', netOf({ batchNorm: null })],
  ['ReLU before batch norm', netOf({ batchNorm: { ...courseBatchNorm, order: 'after-relu' } })],
  ['one layer', netOf({ hidden: [] })],
])('%s: refused with the reason', async (_, net) => {
  await expect(run({ ...settings, net }, { oneWorkgroup: true })).rejects.toThrow(
    'net-tail cannot compute this net: it takes linear layers with bias, batch norm and ReLU in this order',
  );
});

test('a net that is too wide is refused with the reason', () => {
  const shape = { M: 100, LAYERS: 3, N_0: 1024, N_1: 516, N_2: 12 };
  expect(
    refusal(netTail.variants[0]!, shape as never, { ...gpu.capabilities, maxWorkgroupStorageSize: 16384 }),
  ).toBe('16416 bytes of workgroup memory, the adapter has 16384');
});

describe('whole steps decide where nothing is forced', () => {
  const none: Tuning = { key: '', ops: {} };
  /** This adapter as a GPU of which nothing is known: one that the tail is made for. */
  const asGpu = (): Gpu => ({ ...gpu, capabilities: { ...gpu.capabilities, ...traitsOf('gpu') } });

  /** A run whose ops are all known or skipped, so that only the step is measured; `variant`: what is known of that. */
  async function start(on: Gpu, variant: string | undefined, options: TrainerOptions = {}) {
    let found = none;
    const trainer = await Trainer.make(on, data.dataset, settings, {
      choose: naiveChoice,
      measure: async (steps) => {
        const known = variant === undefined ? {} : { [stepName(steps)]: { variant, us: { [variant]: 1 } } };
        const skip = () => true;
        found = await tuneStep(on, steps, { ...none, ops: known }, { skip, choiceOf: () => naiveChoice });
        return stepChoiceOf(found, steps, () => naiveChoice);
      },
      ...options,
    });
    const { oneWorkgroup } = await trainer.checkpoint();
    const hasTail = trainer.plan.dispatches.some(({ op }) => op === 'net-tail');
    expect(oneWorkgroup).toBe(hasTail);
    await trainer.train();
    const [weights] = await trainer.weights();
    await trainer.destroy();
    return { found: Object.entries(found.ops), oneWorkgroup, weights: weights! };
  }

  test('both are measured, the faster one is used, and its bits are those of a run that is told', async () => {
    const { found, oneWorkgroup, weights } = await start(asGpu(), undefined);
    expect(found).toHaveLength(1);
    const [name, { us, variant }] = found[0]!;
    expect(name).toMatch(/^step [0-9a-f]+ R=1$/);
    expect(Object.keys(us).sort()).toEqual(['default', 'one-workgroup']);
    expect(Object.values(us).every((time) => time > 0)).toBe(true);
    expect(oneWorkgroup).toBe(variant === 'one-workgroup');
    const told = await run(settings, { oneWorkgroup });
    expect(firstDifference(weights, told.weights[0]!)).toBeUndefined();
  });

  test('what is known is not measured again', async () => {
    for (const variant of ['default', 'one-workgroup']) {
      const { found, oneWorkgroup } = await start(asGpu(), variant);
      expect(found.map(([, { us }]) => us)).toEqual([{ [variant]: 1 }]);
      expect(oneWorkgroup).toBe(variant === 'one-workgroup');
    }
  });

  test('not on adapters that compute on the CPU, nor where it is forced', async () => {
    const { found, oneWorkgroup } = await start(gpu, undefined);
    expect([found, oneWorkgroup]).toEqual([[], false]);
    const forced = await start(asGpu(), 'one-workgroup', { oneWorkgroup: false });
    expect(forced.oneWorkgroup).toBe(false);
  });
});
