import { expect, test } from 'vitest';
import { Allocator } from '../../src/gpu/tensor.ts';
import { call, type KernelCall } from '../../src/kernels/call.ts';
import { matmulDgrad, matmulForward } from '../../src/kernels/matmul.ts';
import { sgd } from '../../src/kernels/optimizers.ts';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import { tune, tunedChoice, tunedOpName, tuningKey } from '../../src/train/tuner.ts';
import type { TunedOp } from '../../src/train/variant-timing.ts';
import { refusing, sharedGpu } from './device.ts';

const shape = { M: 20, N: 12, K: 64 };
const place = { label: '', replicas: 1 };

async function setUp() {
  const gpu = await sharedGpu();
  const allocator = new Allocator(gpu);
  const { M, N, K } = shape;
  const x = allocator.tensor('x', M * K);
  const w = allocator.tensor('w', K * N);
  const y = allocator.tensor('y', M * N);
  const bias = allocator.tensor('bias', N);
  const calls: KernelCall[] = [
    call('forward', matmulForward, shape, { x, w, bias, y }),
    call('the same again', matmulForward, shape, { x, w, bias, y }),
    call('dgrad', matmulDgrad, shape, { dy: y, w, dx: x }),
  ];
  return { gpu, calls, none: { key: 'here', ops: {} } };
}

test('measures each op and shape once, every variant that can run', async () => {
  const { gpu, calls, none } = await setUp();
  const asked: string[] = [];
  const left: number[] = [];
  const tuning = await tune(gpu, calls, none, {
    budgetMs: 120_000,
    onProgress: (_, total, op) => asked.push(`${op} of ${total}`),
    onLeft: (...counts) => left.push(...counts),
  });
  const forward = tunedOpName('matmul-forward', shape, 1);
  const dgrad = tunedOpName('matmul-dgrad', shape, 1);
  expect(Object.keys(tuning.ops).sort()).toEqual([dgrad, forward]);
  expect(asked.sort()).toEqual([`${dgrad} of 2`, `${forward} of 2`]);
  expect(left).toEqual([0, 2]);
  const { variant, us } = tuning.ops[forward]!;
  expect(Object.keys(us)).toEqual(expect.arrayContaining(['naive', 'register-5x4']));
  expect(Object.values(us).every((time) => time > 0)).toBe(true);
  // The winner is the fastest, or the default where nothing is clearly faster.
  const usual = defaultChoice(matmulForward, shape, gpu.capabilities, place).name;
  const fastest = Math.min(...Object.values(us));
  expect(variant === usual ? us[usual]! * 0.96 : us[variant]).toBeLessThanOrEqual(fastest);
});

test('a variant that does not compile is out of the running; where none compiles, the default is left to say so', async () => {
  const { gpu, calls, none } = await setUp();
  const usual = defaultChoice(matmulDgrad, shape, gpu.capabilities, place).name;
  const dgrad = calls.slice(2);
  const { ops } = await tune(refusing(gpu, '/register-5x4 '), dgrad, none);
  const [{ us }] = Object.values(ops) as [TunedOp];
  expect(Object.keys(us)).toEqual(expect.arrayContaining(['naive', usual]));
  expect(us).not.toHaveProperty('register-5x4');
  const left: number[] = [];
  const onLeft = (...counts: number[]) => left.push(...counts);
  expect(await tune(refusing(gpu, 'matmul-dgrad/'), dgrad, none, { onLeft })).toEqual(none);
  expect(left).toEqual([0, 1]);
});

test('without timestamps the wall clock times, as many repetitions as its quantum asks for', async () => {
  const { gpu, none } = await setUp();
  const view = Object.create(gpu, { timestamps: { value: false } });
  const allocator = new Allocator(gpu);
  const tensors = {
    grads: allocator.tensor('grads', 4096),
    perStep: allocator.tensor('per step', 4),
    perReplica: allocator.tensor('per replica', 2),
    counters: allocator.tensor('counters', 4),
    params: allocator.tensor('params', 4096),
  };
  const update = { COUNT: 4096, DECAYED: 4096, REPLICAS: 1, WEIGHT_DECAY: 0, SKIP: 0 };
  const { ops } = await tune(view, [call('update', sgd, update, tensors)], none);
  const { us } = ops[tunedOpName('sgd', update, 1)]!;
  expect(Object.keys(us).sort()).toEqual(['vec4', 'vec4-16']);
  // A dispatch, not the 100 us that the clock advances by, nor a submit.
  expect(us.vec4).toBeGreaterThan(0);
  allocator.destroy();
});

test('measures nothing that is known, skipped or beyond the budget', async () => {
  const { gpu, calls, none } = await setUp();
  const known = {
    key: 'here',
    ops: { [tunedOpName('matmul-forward', shape, 1)]: { variant: 'naive', us: { naive: 1 } } },
  };
  const skip = (op: string) => op === 'matmul-dgrad';
  expect(await tune(gpu, calls, known, { skip })).toEqual(known);
  const left: number[] = [];
  const onLeft = (...counts: number[]) => left.push(...counts);
  expect(await tune(gpu, calls, none, { budgetMs: -1, onLeft })).toEqual(none);
  expect(left).toEqual([2, 2]);
});

test('a choice is used for its op, shape and replicas only; a variant that is gone is not', async () => {
  const { gpu } = await setUp();
  const { capabilities } = gpu;
  const choose = tunedChoice({
    key: 'here',
    ops: {
      [tunedOpName('matmul-forward', shape, 1)]: { variant: 'register-5x4', us: {} },
      [tunedOpName('matmul-dgrad', shape, 1)]: { variant: 'of an older version', us: {} },
    },
  });
  const usual = defaultChoice(matmulForward, shape, capabilities, place).name;
  expect(usual).not.toBe('register-5x4');
  expect(choose(matmulForward, shape, capabilities, place).name).toBe('register-5x4');
  expect(choose(matmulForward, shape, capabilities, { ...place, replicas: 5 }).name).toBe(usual);
  expect(choose(matmulForward, { ...shape, M: 21 }, capabilities, place).name).toBe(usual);
  expect(choose(matmulDgrad, shape, capabilities, place)).toBe(
    defaultChoice(matmulDgrad, shape, capabilities, place),
  );
});

test('the key tells adapters and browsers apart', async () => {
  const { gpu } = await setUp();
  const key = tuningKey(gpu, 'browser 1');
  expect(tuningKey(gpu, 'browser 1')).toBe(key);
  expect(tuningKey(gpu, 'browser 2')).not.toBe(key);
  expect(tuningKey({ ...gpu, adapter: { ...gpu.adapter, description: 'another' } }, 'browser 1')).not.toBe(
    key,
  );
});
