/** One battery over the table of optimizers: twenty steps against PyTorch, in float64 and on the GPU; and a run that goes on. */
import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../src/nn/net-spec.ts';
import { type OptimizerSpec, optimizers } from '../../src/optim/index.ts';
import { sgd as sgdKind } from '../../src/optim/sgd.ts';
import type { StateDict } from '../../src/reference/numbers.ts';
import { initialState, trainStep } from '../../src/reference/train-step.ts';
import { Trainer } from '../../src/train/trainer.ts';
import adam from '../fixtures/optimizers/adam.json';
import adamw from '../fixtures/optimizers/adamw.json';
import momentum from '../fixtures/optimizers/momentum.json';
import nesterov from '../fixtures/optimizers/nesterov.json';
import rmsprop from '../fixtures/optimizers/rmsprop.json';
import sgd from '../fixtures/optimizers/sgd.json';
import { fullyConnected } from '../fully-connected.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { NetOnGpu } from './net-on-gpu.ts';
import { baseSettings, firstDifference, syntheticDataset } from './synthetic.ts';

/** Steps and batch of the fixtures (test/fixtures/optimizers.py). */
const steps = 20;
const batchSize = 8;
const inputs = 6;
const net = fullyConnected({ inputs, hidden: [5], classes: 3, batchNorm: courseBatchNorm });

const fixtures = { sgd, momentum, nesterov, adam, adamw, rmsprop };

const batchesOf = ({ x, y }: typeof sgd) =>
  Array.from({ length: steps }, (_, step) => ({
    x: x.slice(step * batchSize * inputs, (step + 1) * batchSize * inputs),
    labels: y.slice(step * batchSize, (step + 1) * batchSize),
  }));

/** PyTorch's net has no bias in front of batch norm: here it is 0, and stays so. */
const initialOf = ({ initial }: typeof sgd): StateDict => ({
  ...initial,
  'layers.0.linear.bias': { shape: [5], data: new Array<number>(5).fill(0) },
});

/** Largest difference of a tensor, as a part of its largest value. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / largest;
}

test('every optimizer has a fixture', () => {
  const kinds = new Set(Object.values(fixtures).map(({ optimizer }) => optimizer.kind));
  expect([...kinds].sort()).toEqual(optimizers.map(({ kind }) => kind).sort());
});

describe.each(Object.entries(fixtures))('%s, 20 steps against PyTorch', (_, fixture) => {
  const optimizer = fixture.optimizer as OptimizerSpec;

  test('float64', () => {
    let state = initialState(net, initialOf(fixture as typeof sgd));
    for (const [step, batch] of batchesOf(fixture as typeof sgd).entries()) {
      const result = trainStep(net, state, batch, { optimizer, learningRate: fixture.lr, lambda: 0 });
      expect(Math.abs(result.loss - fixture.losses[step]!)).toBeLessThan(1e-9);
      state = result.state;
    }
    for (const [name, { data }] of Object.entries(fixture.final)) {
      expect(relativeError(state.params[name]!.data, data), name).toBeLessThan(1e-8);
    }
  });

  test('GPU', async () => {
    const gpu = await sharedGpu();
    const onGpu = await NetOnGpu.make(gpu, {
      net,
      batchSize,
      optimizer,
      steps,
      replicas: [{ initial: initialOf(fixture as typeof sgd), learningRate: fixture.lr, lambda: 0 }],
      choose: quickChoice,
    });
    for (const batch of batchesOf(fixture as typeof sgd)) await onGpu.step([batch]);
    const [state] = await onGpu.state();
    onGpu.destroy();
    for (const [name, { data }] of Object.entries(fixture.final)) {
      // 20 steps in float32 pass rounding on: 1e-4 of a tensor's largest value; a wrong rule is off by 1e-2 and more.
      expect(relativeError(state![name]!, data), name).toBeLessThan(1e-4);
    }
  });
});

describe('a run that goes on has the bits of one in a piece', () => {
  test.each([
    ...optimizers.map(({ kind, defaults }) => [kind, defaults, {}] as const),
    ['sgd with lookahead', sgdKind.defaults, { lookahead: 3 }] as const,
  ])('%s', async (_, defaults, others) => {
    const gpu = await sharedGpu();
    const { dataset } = syntheticDataset(gpu, 136, 20);
    const optimizer = defaults.kind === 'sgd' ? { ...defaults, momentum: 0.9 } : defaults;
    const settings = { ...baseSettings, optimizer, steps: 8, ...others };
    const whole = await Trainer.make(gpu, dataset, settings, { choose: quickChoice });
    await whole.train();
    const stop = new AbortController();
    const first = await Trainer.make(gpu, dataset, settings, { choose: quickChoice });
    await first.train({ onReport: () => stop.abort(), signal: stop.signal });
    const checkpoint = await first.checkpoint();
    expect(checkpoint.step).toBeLessThan(8);
    const rest = await Trainer.make(gpu, dataset, settings, { choose: quickChoice, checkpoint });
    await rest.train();
    const [a, b] = [await whole.weights(), await rest.weights()];
    expect(firstDifference(a[0]!, b[0]!)).toBeUndefined();
    for (const trainer of [whole, first, rest]) await trainer.destroy();
    dataset.destroy();
  });
});
