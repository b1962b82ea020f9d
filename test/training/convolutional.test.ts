/** Convolutional nets against PyTorch's float64 results (fixtures/convolutional.py): one step, twenty steps, evaluation; alone and in a population. */
import { describe, expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { defaultChoice } from '../../src/kernels/variant-choice.ts';
import { namedNet } from '../../src/nn/named-nets.ts';
import { resolveNet } from '../../src/nn/net.ts';
import type { OptimizerSpec } from '../../src/optim/index.ts';
import { freeBiases } from '../../src/reference/gradient-report.ts';
import type { Numbers, StateDict } from '../../src/reference/numbers.ts';
import { forBriefRun } from '../../src/train/brief-run.ts';
import fixture from '../fixtures/convolutional.json';
import { naiveChoice, sharedGpu } from './device.ts';
import { NetOnGpu } from './net-on-gpu.ts';

const image = { channels: 3, height: 32, width: 32 };

/** The generator of fixtures/convolutional.py. */
class NumberStream {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  word(): number {
    this.#state = (Math.imul(1664525, this.#state) + 1013904223) >>> 0;
    return this.#state;
  }
  array(count: number, scale: number, offset = 0): Float32Array {
    return Float32Array.from({ length: count }, () => offset + scale * (this.word() / 2 ** 31 - 1));
  }
}

type Case = (typeof fixture.nets)[number];
interface Sampled {
  readonly largest: number;
  readonly values: readonly number[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Initial values in the order of PyTorch's modules. */
function initialOf(name: string): StateDict {
  const numbers = new NumberStream(1);
  const state: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const layer of resolveNet(namedNet(name, image, 10))) {
    for (const { name: rest, torchShape } of layer.parameters) {
      const count = sizeOf(torchShape);
      const fanIn = count / torchShape[0]!;
      const isMatrix = torchShape.length > 1;
      const scale = isMatrix ? Math.sqrt(6 / fanIn) : 0.1;
      const offset = !isMatrix && rest === 'weight' ? 1 : 0;
      state[`${layer.name}.${rest}`] = { shape: torchShape, data: numbers.array(count, scale, offset) };
    }
  }
  return state;
}

function batchOf(step: number) {
  const numbers = new NumberStream(1000 + step);
  const x = numbers.array(fixture.batch * 3072, 1.5);
  const labels = Array.from({ length: fixture.batch }, () => Math.floor(numbers.word() / 2 ** 16) % 10);
  return { x, labels };
}

/** Largest difference of the sampled values, as a part of the tensor's largest. */
function difference(actual: Numbers, { largest, values }: Sampled): number {
  const differences = values.map((value, i) => Math.abs(actual[(i * 7919) % actual.length]! - value));
  return Math.max(...differences.map((d) => (Number.isNaN(d) ? Infinity : d))) / largest;
}

/** PyTorch's `3.weight` -> ours. */
function ourName(name: string, torch: string): string {
  const [place, rest] = torch.split('.') as [string, string];
  return `${resolveNet(namedNet(name, image, 10))[Number(place)]!.name}.${rest}`;
}

async function expectLikePyTorch(
  gpu: Gpu,
  nets: Case,
  replicas: number,
  choose: typeof defaultChoice,
  steps = fixture.steps,
): Promise<void> {
  const { net: name, rate, lambda, smoothing } = nets;
  const spec = namedNet(name, image, 10);
  const replica = { initial: initialOf(name), learningRate: rate, lambda };
  const net = await NetOnGpu.make(gpu, {
    net: spec,
    batchSize: fixture.batch,
    optimizer: nets.optimizer as OptimizerSpec,
    steps,
    replicas: Array.from({ length: replicas }, () => replica),
    evaluationSize: fixture.batch,
    choose,
    labelSmoothing: smoothing,
    ...('lookahead' in nets && { lookahead: nets.lookahead as number }),
  });
  const free = freeBiases(spec);
  const limit = (what: string, actual: Numbers, expected: Sampled, part: number) =>
    expect(difference(actual, expected), what).toBeLessThan(part);
  for (let step = 0; step < steps; step++) {
    const results = await net.step(Array.from({ length: replicas }, () => batchOf(step)));
    const first = results[0]!;
    for (const other of results.slice(1)) expect(other).toEqual(first);
    expect(Math.abs(first.loss / nets.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-4);
    if (step > 0) continue;
    expect(Math.abs(first.loss / nets.losses[0]! - 1), 'first loss').toBeLessThan(1e-5);
    limit('logits', first.logits, nets.logits, 1e-5);
    for (const [torch, expected] of Object.entries(nets.grads as Record<string, Sampled>)) {
      const own = ourName(name, torch);
      if (!free.has(own)) limit(`gradient of ${own}`, first.grads[own]!, expected, 1e-5);
    }
  }
  if (steps < fixture.steps) return net.destroy();
  const state = (await net.state())[0]!;
  for (const [torch, expected] of Object.entries(nets.state as Record<string, Sampled>)) {
    const own = ourName(name, torch);
    limit(own, state[own]!, expected, 1e-4);
  }
  const logits = await net.evaluate(new NumberStream(2000).array(fixture.batch * 3072, 1.5));
  limit('evaluation', logits[0]!, nets.evaluation, 1e-4);
  net.destroy();
  gpu.check();
}

describe.each(fixture.nets.map((nets) => [nets.net, nets] as const))('%s', (name, nets) => {
  // SwiftShader compiles the default convolutions of air for half a minute; those of vgg are of the same shaders.
  if (name.startsWith('air'))
    test('variants of a brief run', async () =>
      expectLikePyTorch(forBriefRun(await sharedGpu()), nets, 1, defaultChoice));
  else test('default variants', async () => expectLikePyTorch(await sharedGpu(), nets, 1, defaultChoice));
  // Naive convolutions take seconds per step on SwiftShader: the first step has logits, loss and every gradient.
  test('naive variants, three replicas, one step', async () =>
    expectLikePyTorch(await sharedGpu(), nets, 3, naiveChoice, 1));
});
