/** Which parameters an update binds, without a GPU. */
import { expect, test } from 'vitest';
import { Allocator } from '../../../src/gpu/tensor.ts';
import { adam } from '../../../src/optim/adam.ts';
import { makeOptimizer } from '../../../src/optim/optimizer.ts';
import { optimizerOptions } from '../../../src/optim/options.ts';
import { sgd } from '../../../src/optim/sgd.ts';

const parameterCount = 448;

/** Updates of ranges of parameters, all with the same rate. */
function callsFor(...ranges: readonly (readonly [number, number])[]) {
  const allocator = new Allocator();
  const tensor = (name: string) => allocator.tensor(name, parameterCount, 2);
  return makeOptimizer(allocator, adam.defaults, {
    params: tensor('params'),
    grads: tensor('grads'),
    counters: allocator.tensor('counters', 4, 2),
    parameterCount,
    decayedCount: 400,
    ranges: ranges.map(([start, end]) => ({
      ...{ name: `from ${start}`, start, end, rateFactor: 1, trainedSteps: Number.POSITIVE_INFINITY },
    })),
    steps: 10,
  }).calls;
}

test.each([
  [[[0, 448]], [{ from: 0, COUNT: 448, SKIP: 0, DECAYED: 400 }]],
  // The only range that is trained need not begin where the parameters do, nor end where they do.
  [[[384, 448]], [{ from: 384, COUNT: 64, SKIP: 0, DECAYED: 16 }]],
  [[[0, 384]], [{ from: 0, COUNT: 384, SKIP: 0, DECAYED: 384 }]],
  [[[52, 448]], [{ from: 0, COUNT: 448, SKIP: 52, DECAYED: 400 }]],
  [
    [
      [0, 100],
      [100, 448],
    ],
    [
      { from: 0, COUNT: 100, SKIP: 0, DECAYED: 100 },
      { from: 64, COUNT: 384, SKIP: 36, DECAYED: 336 },
    ],
  ],
] as const)('ranges %j of 448 parameters', (ranges, expected) => {
  const calls = callsFor(...ranges);
  expect(calls).toHaveLength(expected.length);
  for (const [i, { from, ...sizes }] of expected.entries()) {
    const { shape, tensors } = calls[i]!;
    expect(shape).toMatchObject(sizes);
    for (const name of ['params', 'grads', 'mu', 'nu']) {
      const { offsetBytes, size, replicaStride } = tensors[name]!;
      expect([offsetBytes, size, replicaStride], name).toEqual([4 * from, sizes.COUNT, parameterCount]);
    }
  }
});

test.each(optimizerOptions)('what $name does is said', ({ what }) => {
  expect(what).toMatch(/^\w/);
});

test('weight decay is divided by the factor on the rate, which the kernel multiplies it by', () => {
  const allocator = new Allocator();
  const tensor = (name: string) => allocator.tensor(name, 128, 1);
  const range = { end: 64, trainedSteps: Number.POSITIVE_INFINITY };
  const { calls } = makeOptimizer(
    allocator,
    { ...sgd.defaults, weightDecay: 0.5 },
    {
      params: tensor('params'),
      grads: tensor('grads'),
      counters: allocator.tensor('counters', 4, 1),
      parameterCount: 128,
      decayedCount: 0,
      ranges: [
        { ...range, name: 'usual', start: 0, rateFactor: 1 },
        { ...range, name: 'quick', start: 64, end: 128, rateFactor: 64 },
      ],
      steps: 10,
    },
  );
  expect(calls.map(({ shape }) => shape.WEIGHT_DECAY)).toEqual([0.5, 0.5 / 64]);
});
