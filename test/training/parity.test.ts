/** Whole nets against PyTorch: every number of every fixture, on the GPU; alone and in populations; every kind of variant. */
import { describe, expect, test } from 'vitest';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import { netForward } from '../../src/reference/net.ts';
import type { Numbers } from '../../src/reference/numbers.ts';
import { compareWith, type Expected, expectedOf, isTight } from '../../src/reference/rounding.ts';
import { describeComparison } from '../../src/reference/tolerance.ts';
import { initialState, trainStep } from '../../src/reference/train-step.ts';
import bnReluAdam from '../fixtures/bn-relu-adam.json';
import bnReluSgd from '../fixtures/bn-relu-sgd.json';
import { type Fixture, fixtureNet, parseFixture } from '../fixtures/parity-case.ts';
import plainReluSgd from '../fixtures/plain-relu-sgd.json';
import reluBnSgd from '../fixtures/relu-bn-sgd.json';
import { naiveChoice, sharedGpu } from './device.ts';
import { NetOnGpu } from './net-on-gpu.ts';

const fixtures = [bnReluAdam, bnReluSgd, plainReluSgd, reluBnSgd].map(parseFixture);
const isDecayed = (name: string): boolean => name.endsWith('.linear.weight');
const choices = { default: defaultChoice, naive: naiveChoice };

/**
 * What fraction of a tensor's largest value its bound may be, for the first step; and for later ones, which start from
 * rounded parameters. The GPU's errors are at most a quarter of the bounds (SwiftShader, 2026-11).
 */
const tightness = 1e-5;
const laterTightness = 6e-5;

const optimizerOf = ({ optimizer, b1, b2, adamEps }: Fixture) =>
  optimizer === 'sgd' ? { kind: 'sgd' as const } : { kind: 'adam' as const, b1, b2, eps: adamEps };

/** Another replica's share of a fixture: other weights, other samples, another rate and lambda. */
function variation(fixture: Fixture, replica: number): Fixture {
  if (replica === 0) return fixture;
  const classes = fixture.dims.at(-1)!;
  const scaled = ({ shape, data }: { shape: readonly number[]; data: Numbers }, by: number) => ({
    shape,
    data: Float64Array.from(data, (value) => value * by).reverse(),
  });
  return {
    ...fixture,
    lr: fixture.lr * (1 + replica),
    lambda: fixture.lambda / (1 + replica),
    initial: Object.fromEntries(
      Object.entries(fixture.initial).map(([name, tensor]) => [
        name,
        isDecayed(name) ? scaled(tensor, 1 + replica / 4) : tensor,
      ]),
    ),
    steps: fixture.steps.map((step) => ({
      ...step,
      x: scaled(step.x, 1 - replica / 8),
      y: step.y.map((label) => (label + replica) % classes),
    })),
  };
}

/** Truth and bounds of a whole run of the float64 reference, by names such as `step 0 layers.1.bn.weight gradient`. */
function referenceRun(fixture: Fixture): Record<string, Expected> {
  const net = fixtureNet(fixture);
  const settings = { optimizer: optimizerOf(fixture), learningRate: fixture.lr, lambda: fixture.lambda };
  return expectedOf((noise) => {
    const results: Record<string, Numbers> = {};
    let state = initialState(net, fixture.initial);
    for (const [i, { x, y }] of fixture.steps.entries()) {
      const params = Object.fromEntries(
        Object.entries(state.params).map(([name, { shape, data }]) => [name, { shape, data: noise(data) }]),
      );
      const step = trainStep(net, { ...state, params }, { x: noise(x.data), labels: y }, settings);
      results[`step ${i} logits`] = step.logits;
      results[`step ${i} loss`] = [step.loss];
      for (const [name, { data }] of Object.entries(step.lossGrads)) {
        results[`step ${i} ${name} gradient`] = data;
      }
      state = step.state;
    }
    for (const [name, { data }] of Object.entries(state.params)) results[`final ${name}`] = data;
    results['evaluation logits'] = netForward(net, state.params, noise(fixture.eval.x.data), 'evaluation');
    return results;
  });
}

/** The same names with PyTorch's numbers; its gradients contain the L2 term, which is taken off. */
function pytorchRun(fixture: Fixture): Record<string, Numbers> {
  const results: Record<string, Numbers> = {};
  const net = fixtureNet(fixture);
  const settings = { optimizer: optimizerOf(fixture), learningRate: fixture.lr, lambda: fixture.lambda };
  let state = initialState(net, fixture.initial);
  for (const [i, { x, y, logits, loss, grads }] of fixture.steps.entries()) {
    results[`step ${i} logits`] = logits.data;
    results[`step ${i} loss`] = [loss];
    for (const [name, { data }] of Object.entries(grads)) {
      const w = state.params[name]!.data;
      const decay = isDecayed(name) ? 2 * fixture.lambda : 0;
      results[`step ${i} ${name} gradient`] = Float64Array.from(data, (value, j) => value - decay * w[j]!);
    }
    state = trainStep(net, state, { x: x.data, labels: y }, settings).state;
  }
  for (const [name, { data }] of Object.entries(fixture.final)) results[`final ${name}`] = data;
  results['evaluation logits'] = fixture.eval.logits.data;
  return results;
}

/** The same names from the GPU, per replica; `shares[r]` is what replica r trains. */
async function gpuRun(shares: readonly Fixture[], choice: keyof typeof choices) {
  const first = shares[0]!;
  const gpu = await sharedGpu();
  const net = await NetOnGpu.make(gpu, {
    net: fixtureNet(first),
    batchSize: first.batchSize,
    optimizer: optimizerOf(first),
    steps: first.steps.length,
    replicas: shares.map(({ initial, lr, lambda }) => ({ initial, learningRate: lr, lambda })),
    evaluationSize: first.eval.x.shape[0]!,
    choose: choices[choice],
  });
  const results = shares.map((): Record<string, Numbers> => ({}));
  for (const i of first.steps.keys()) {
    const steps = await net.step(shares.map(({ steps }) => ({ x: steps[i]!.x.data, labels: steps[i]!.y })));
    for (const [r, { logits, loss, grads }] of steps.entries()) {
      results[r]![`step ${i} logits`] = logits;
      results[r]![`step ${i} loss`] = [loss];
      for (const [name, values] of Object.entries(grads)) results[r]![`step ${i} ${name} gradient`] = values;
    }
  }
  for (const [r, state] of (await net.state()).entries()) {
    for (const [name, values] of Object.entries(state)) results[r]![`final ${name}`] = values;
  }
  for (const [r, logits] of (await net.evaluate(first.eval.x.data)).entries()) {
    results[r]!['evaluation logits'] = logits;
  }
  net.destroy();
  gpu.check();
  return results;
}

/** Biases that feed batch norm: their gradient is exactly 0 and they stay as they are. */
const freeBiases = (fixture: Fixture): string[] =>
  fixture.bnOrder !== 'bn-relu'
    ? []
    : fixture.dims.slice(1, -1).map((_, layer) => `layers.${layer}.linear.bias`);

function expectRun(
  actual: Readonly<Record<string, Numbers>>,
  expected: Readonly<Record<string, Expected>>,
  fixture: Fixture,
): void {
  const free = freeBiases(fixture);
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, truth] of Object.entries(expected)) {
    const values = actual[name]!;
    const bias = free.find((freeName) => name.includes(freeName));
    if (bias !== undefined) {
      const still = name.startsWith('final')
        ? Float32Array.from(fixture.initial[bias]!.data)
        : new Float32Array(values.length);
      expect(Array.from(values), name).toEqual(Array.from(still));
      continue;
    }
    const limit = name.startsWith('step 0') ? tightness : laterTightness;
    expect(isTight(truth, limit), `${name}: bound ${truth.bound} of ${truth.largest} is loose`).toBe(true);
    const comparison = compareWith(values, truth);
    expect(comparison.ok, `${name}: ${describeComparison(comparison)}`).toBe(true);
  }
}

describe.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (_, fixture) => {
  const bounds = referenceRun(fixture);
  const pytorch = Object.fromEntries(
    Object.entries(pytorchRun(fixture)).map(([name, values]) => [
      name,
      { ...bounds[name]!, values: Float64Array.from(values) },
    ]),
  );

  test('PyTorch names what the reference names', () => {
    expect(Object.keys(pytorch).sort()).toEqual(Object.keys(bounds).sort());
  });

  describe.each(Object.keys(choices) as (keyof typeof choices)[])('variants: %s', (choice) => {
    test('R=1', async () => {
      const [run] = await gpuRun([fixture], choice);
      expectRun(run!, pytorch, fixture);
    });

    test('R=3, the same data: the same bits in each replica', async () => {
      const runs = await gpuRun([fixture, fixture, fixture], choice);
      expectRun(runs[0]!, pytorch, fixture);
      expect(runs[1]).toEqual(runs[0]);
      expect(runs[2]).toEqual(runs[0]);
    });

    test('R=3, each its own data, rate and lambda', async () => {
      const shares = [0, 1, 2].map((replica) => variation(fixture, replica));
      const runs = await gpuRun(shares, choice);
      expectRun(runs[0]!, pytorch, fixture);
      for (const replica of [1, 2])
        expectRun(runs[replica]!, referenceRun(shares[replica]!), shares[replica]!);
    });
  });
});
