/**
 * Gradients of whole nets on the GPU, in float32, against the float64 reference (whose own gradients are compared with central
 * differences in test/unit/reference); and what the comparison must see: a mistake in each backward kernel.
 */
import { describe, expect, test } from 'vitest';
import { traitsOf } from '../../src/gpu/adapter-kind.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { defaultChoice, type VariantChoice } from '../../src/kernels/variant-choice.ts';
import { courseBatchNorm, type NetSpec } from '../../src/nn/net-spec.ts';
import { freeBiases } from '../../src/reference/gradient-report.ts';
import { netGradients } from '../../src/reference/net.ts';
import type { Numbers } from '../../src/reference/numbers.ts';
import { compareWith, type Expected, expectedOf, isTight } from '../../src/reference/rounding.ts';
import { describeComparison } from '../../src/reference/tolerance.ts';
import { fullyConnected } from '../fully-connected.ts';
import { randomCase } from '../unit/reference/random-case.ts';
import { naiveChoice, sharedGpu } from './device.ts';
import { NetOnGpu, type NetOptions, type StepResult } from './net-on-gpu.ts';

const batchSize = 37;

/** Bounds must be this fraction of a tensor's largest value: more layers pass rounding on through more batch norms. */
const tightness = { 3: 2e-5, 9: 1e-4 };

const hidden = { 3: [50, 50], 9: [50, 30, 30, 30, 20, 20, 20, 20] } as const;
const batchNorms = {
  'batch norm before ReLU': courseBatchNorm,
  'batch norm after ReLU': { ...courseBatchNorm, order: 'after-relu' as const },
  'no batch norm': null,
};

/** What a GPU with many cores would run: other preferred variants, and sums over K that are split. */
const asHardware = (gpu: Gpu): Gpu => ({
  ...gpu,
  capabilities: { ...gpu.capabilities, ...traitsOf('gpu'), software: false },
});
const same = (gpu: Gpu): Gpu => gpu;

const settings: readonly [string, VariantChoice, (gpu: Gpu) => Gpu][] = [
  ['default', defaultChoice, same],
  ['naive', naiveChoice, same],
  ['those of a hardware adapter', defaultChoice, asHardware],
];

type Case = ReturnType<typeof randomCase>;

/** Logits, loss and gradients with their bounds. */
function truthOf(net: NetSpec, { params, x, labels }: Case, labelSmoothing = 0): Record<string, Expected> {
  return expectedOf((noise) => {
    const noisy = Object.fromEntries(
      Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: noise(data) }]),
    );
    const { logits, loss, lossGrads } = netGradients(net, noisy, { x: noise(x), labels }, { labelSmoothing });
    const grads = Object.entries(lossGrads).map(([name, { data }]) => [name, data] as const);
    return { logits, loss: [loss], ...Object.fromEntries(grads) };
  }, 4);
}

async function stepOnGpu(
  gpu: Gpu,
  net: NetSpec,
  { params, x, labels }: Case,
  choose: VariantChoice,
  labelSmoothing = 0,
): Promise<StepResult> {
  const options: NetOptions = {
    net,
    batchSize,
    optimizer: { kind: 'sgd' },
    steps: 1,
    replicas: [{ initial: params, learningRate: 0, lambda: 0 }],
    choose,
    labelSmoothing,
  };
  const onGpu = await NetOnGpu.make(gpu, options);
  const [result] = await onGpu.step([{ x, labels }]);
  onGpu.destroy();
  gpu.check();
  return result!;
}

/** Names and comparisons of what is out of bound. */
function mismatches(net: NetSpec, actual: StepResult, truth: Readonly<Record<string, Expected>>): string[] {
  const values: Record<string, Numbers> = { logits: actual.logits, loss: [actual.loss], ...actual.grads };
  return Object.entries(truth).flatMap(([name, expected]) => {
    if (freeBiases(net).has(name)) {
      return Array.from(values[name]!).some((value) => value !== 0) ? [`${name} is not exactly 0`] : [];
    }
    const comparison = compareWith(values[name]!, expected);
    return comparison.ok ? [] : [`${name}: ${describeComparison(comparison)}`];
  });
}

describe.each([3, 9] as const)('%d layers', (layers) => {
  describe.each(Object.keys(batchNorms) as (keyof typeof batchNorms)[])('%s', (batchNorm) => {
    // 61: padded. 1,030: enough terms for a split sum.
    describe.each(layers === 3 ? [61, 1030] : [61])('inputs=%d', (inputs) => {
      const net = fullyConnected({
        inputs,
        hidden: hidden[layers],
        classes: 10,
        batchNorm: batchNorms[batchNorm],
      });
      const replica = randomCase(net, batchSize, 1);
      const truth = truthOf(net, replica);

      test('the bounds are tight', () => {
        for (const [name, expected] of Object.entries(truth)) {
          if (expected.largest < 1e-12) continue; // Noise of a gradient that is 0.
          const ratio = expected.bound / expected.largest;
          expect(isTight(expected, tightness[layers]), `${name}: ${ratio}`).toBe(true);
        }
      });

      test.each(settings)('variants: %s', async (_, choose, as) => {
        const result = await stepOnGpu(as(await sharedGpu()), net, replica, choose);
        expect(mismatches(net, result, truth)).toEqual([]);
      });
    });
  });
});

test('label smoothing: loss and gradients', async () => {
  const net = fullyConnected({ inputs: 61, hidden: hidden[3], classes: 10, batchNorm: courseBatchNorm });
  const replica = randomCase(net, batchSize, 1);
  const result = await stepOnGpu(await sharedGpu(), net, replica, defaultChoice, 0.05);
  expect(mismatches(net, result, truthOf(net, replica, 0.05))).toEqual([]);
  expect(mismatches(net, result, truthOf(net, replica))).not.toEqual([]);
});

/** A kernel, a line of it, and what a mistake would make of that line. */
const mistakes: readonly [op: string, line: string, mistake: string][] = [
  // A sample left out of the sum over the batch.
  ['matmul-wgrad', 'm < M;', 'm < M - 1u;'],
  // An output left out of the sum.
  ['matmul-dgrad', 'for (var n = 0u; n < N;', 'for (var n = 1u; n < N;'],
  ['bias-gradient', 'm < M;', 'm < M - 1u;'],
  // The mean over a batch that is one sample larger.
  ['softmax-cross-entropy', '/ f32(M);', '/ f32(M + 1u);'],
  ['batch-norm-backward', 'dbeta + n * dgamma', 'dbeta'],
  ['batch-norm-backward', 'dbeta + n * dgamma', 'n * dgamma'],
  ['batch-norm-backward', '+ beta > 0.0', '> 0.0'],
  ['relu-backward', '> vec4f()', '> vec4f(-0.01)'],
];

describe('a mistake in a kernel is seen', () => {
  test.each(mistakes)('%s: %s becomes %s', async (op, line, mistake) => {
    const batchNorm = op === 'relu-backward' ? null : courseBatchNorm;
    const net = fullyConnected({ inputs: 61, hidden: hidden[3], classes: 10, batchNorm });
    let broken = 0;
    const choose: VariantChoice = (kernel) => {
      const variant = kernel.variants[0]!;
      if (kernel.op !== op) return variant;
      const source = variant.source.replaceAll(line, mistake);
      expect(source).not.toBe(variant.source);
      broken++;
      return { ...variant, source };
    };
    const replica = randomCase(net, batchSize, 1);
    const result = await stepOnGpu(await sharedGpu(), net, replica, choose);
    expect(broken).toBeGreaterThan(0);
    expect(mismatches(net, result, truthOf(net, replica))).not.toEqual([]);
  });
});
