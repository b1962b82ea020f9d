/** Variants that are fastest by themselves are used where the whole step is faster with them. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { replicasOf } from '../../src/kernels/call.ts';
import { defaultChoice, type VariantChoice } from '../../src/kernels/variant-choice.ts';
import { forcedKernels, measuredKernels } from '../../src/train/kernel-options.ts';
import { type StepCalls, stepChoiceOf, stepName, tuneStep } from '../../src/train/step-choice.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { type Tuning, tunedChoice, tunedOpName } from '../../src/train/tuner.ts';
import { naiveChoice, refusing, sharedGpu } from './device.ts';
import { baseSettings, netOf, type SyntheticDataset, syntheticDataset } from './synthetic.ts';

let gpu: Gpu;
let data: SyntheticDataset;
beforeAll(async () => {
  gpu = await sharedGpu();
  data = syntheticDataset(gpu, 136, 20);
});
afterAll(() => data.dataset.destroy());

/** Products that the naive variants take several times as long for. */
const settings = { ...baseSettings, net: netOf({ hidden: [64, 64] }), batchSize: 64, steps: 2 };

/** Starts a run whose ops have been measured as `measured` says, so that only the whole step is measured; `usual`: what stands for the defaults; `refused`: part of the labels of kernels that do not compile. */
async function start(measured: VariantChoice, usual: VariantChoice, refused?: string) {
  const choiceOf = (tuning: Tuning) => tunedChoice(tuning, usual);
  const known = ({ separate }: StepCalls): Tuning => ({
    key: '',
    ops: Object.fromEntries(
      separate.map((call) => {
        const { kernel, shape } = call;
        const replicas = replicasOf(call);
        const { name: variant } = measured(kernel, shape, gpu.capabilities, { label: call.label, replicas });
        return [tunedOpName(kernel.op, shape, replicas), { variant, us: { [variant]: 1 } }];
      }),
    ),
  });
  let step: Tuning['ops'][string] | undefined;
  const trainer = await Trainer.make(gpu, data.dataset, settings, {
    choose: usual,
    measure: async (steps) => {
      const seen = refused === undefined ? gpu : refusing(gpu, refused);
      const found = await tuneStep(seen, steps, known(steps), { choiceOf, skip: () => true });
      step = found.ops[stepName(steps)];
      return stepChoiceOf(found, steps, choiceOf);
    },
  });
  const { variants } = trainer.plan;
  await trainer.destroy();
  gpu.check();
  return { step, variants };
}

test('slower as a whole: the defaults stay', async () => {
  const { step, variants } = await start(naiveChoice, defaultChoice);
  expect(Object.keys(step!.us).sort()).toEqual(['default', 'tuned']);
  expect(step!.us.tuned).toBeGreaterThan(step!.us.default!);
  expect(step!.variant).toBe('default');
  expect(variants['layers.0 wgrad']).not.toBe('naive');
});

test('faster as a whole: the measured variants are used', async () => {
  const { step, variants } = await start(defaultChoice, naiveChoice);
  expect(step!.us.tuned).toBeLessThan(step!.us.default!);
  expect(step!.variant).toBe('tuned');
  expect(variants['layers.0 wgrad']).not.toBe('naive');
});

test('measured variants that do not compile any more leave the defaults', async () => {
  const { step, variants } = await start(naiveChoice, defaultChoice, 'layers.0 wgrad: matmul-wgrad/naive');
  expect(Object.keys(step!.us)).toEqual(['default']);
  expect(step!.variant).toBe('default');
  expect(variants['layers.0 wgrad']).not.toBe('naive');
});

test('where no step compiles, nothing is told of it', async () => {
  expect((await start(naiveChoice, defaultChoice, 'layers.0 ')).step).toBeUndefined();
});

test('what was measured with forced variants is not taken for a step without', () => {
  const separate: StepCalls['separate'] = [];
  const names = [{}, { matmul: 'naive' }, { matmul: 'register-5x4' }].map((forced) =>
    stepName({ separate, forced }),
  );
  expect(new Set(names).size).toBe(3);
  expect(names[0]).toBe(stepName({ separate }));
});

test('what is measured leaves no buffers behind', async () => {
  const make = (measure?: TrainerOptions['measure']) =>
    Trainer.make(gpu, data.dataset, settings, {
      ...(measure !== undefined && { measure }),
    });
  let asked: StepCalls | undefined;
  const trainers = [
    await make(),
    await make(async (steps) => {
      asked = steps;
      for (const { tensors } of [...steps.separate, ...(steps.oneWorkgroup ?? [])]) {
        for (const tensor of Object.values(tensors)) expect(tensor.buffer.size).toBeGreaterThan(0);
      }
      return { choose: defaultChoice, oneWorkgroup: false };
    }),
  ];
  expect(asked).toBeDefined();
  expect(trainers[1]!.sizeBytes).toBe(trainers[0]!.sizeBytes);
  for (const trainer of trainers) await trainer.destroy();
});

test('a measurement that fails frees what was made, and its error is told', async () => {
  const freed = vi.spyOn(GPUBuffer.prototype, 'destroy');
  const made = vi.spyOn(GPUDevice.prototype, 'createBuffer');
  const measure = async () => {
    throw new Error('stopped');
  };
  await expect(Trainer.make(gpu, data.dataset, settings, { measure })).rejects.toThrow('stopped');
  expect(made.mock.results.length).toBeGreaterThan(5);
  expect(freed.mock.contexts).toEqual(expect.arrayContaining(made.mock.results.map(({ value }) => value)));
  vi.restoreAllMocks();
});

test('where they are the defaults, nothing is measured', async () => {
  expect((await start(defaultChoice, defaultChoice)).step).toBeUndefined();
});

describe('as users of the library say it', () => {
  test('forced variants are taken, for training and for scores', async () => {
    const options = forcedKernels({ 'matmul-wgrad': 'naive' });
    const trainer = await Trainer.make(gpu, data.dataset, settings, options);
    expect(trainer.plan.variants['layers.1 wgrad']).toBe('naive');
    expect((await trainer.checkpoint()).forced).toEqual({ 'matmul-wgrad': 'naive' });
    await trainer.destroy();
  });

  test.each([
    [{ product: 'naive' }, 'forced.product: no variant "naive": there is no such op'],
    [{ 'softmax-cross-entropy': 'magic' }, 'forced.softmax-cross-entropy: no variant "magic": there are '],
  ])('what there is not is refused: %o', (forced, message) => {
    expect(() => forcedKernels(forced)).toThrow(message);
    expect(() => measuredKernels(gpu, { forced })).toThrow(message);
  });

  test('kernels are measured, but not the forced ones, nor where a checkpoint goes on', async () => {
    const told: string[] = [];
    const forced = { matmul: 'quad-5x12', 'gather-matmul': 'naive' };
    const options = {
      ...measuredKernels(gpu, { forced, budgetMs: 3000, onProgress: (...[, , op]) => told.push(op) }),
    };
    const first = await Trainer.make(gpu, data.dataset, settings, options);
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((op) => op.includes('matmul'))).toEqual([]);
    const checkpoint = await first.checkpoint();
    told.length = 0;
    const rest = await Trainer.make(gpu, data.dataset, settings, { ...options, checkpoint });
    expect(told).toEqual([]);
    expect(rest.plan.variants).toEqual(checkpoint.variants);
    expect(await rest.train()).toBe(true);
    for (const trainer of [first, rest]) await trainer.destroy();
    gpu.check();
  });
});
