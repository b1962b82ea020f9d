/** The nets of airbench94's shape: layers, what is trained at which rate, initial values, bad specs. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/data/random.ts';
import { trainSettings } from '../../../src/experiments/experiments.ts';
import { namedNetExperiment } from '../../../src/experiments/named-net-settings.ts';
import { initialState } from '../../../src/nn/init.ts';
import { namedNet } from '../../../src/nn/named-nets.ts';
import { netWords, parameterCount, resolveNet } from '../../../src/nn/net.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';
import { extractSegment, layOut, rateRanges } from '../../../src/nn/parameters.ts';
import { learningRate } from '../../../src/optim/schedule.ts';
import { applyStateDict } from '../../../src/train/state.ts';

const cifar = { channels: 3, height: 32, width: 32 };
const spec = namedNet('air-16-48-32', cifar, 10);
const layout = layOut(spec);

test('shapes, names, parameters', () => {
  const named = resolveNet(spec).filter(({ parameters }) => parameters.length > 0);
  expect(named.map(({ name, output }) => [name, Object.values(output).join(' ')])).toEqual([
    ['layers.0.conv', '24 31 31'],
    ['layers.2.conv', '16 31 31'],
    ['layers.4.bn', '16 15 15'],
    ['layers.6.conv', '16 15 15'],
    ['layers.7.bn', '16 15 15'],
    ['layers.9.conv', '48 15 15'],
    ['layers.11.bn', '48 7 7'],
    ['layers.13.conv', '48 7 7'],
    ['layers.14.bn', '48 7 7'],
    ['layers.16.conv', '32 7 7'],
    ['layers.18.bn', '32 3 3'],
    ['layers.20.conv', '32 3 3'],
    ['layers.21.bn', '32 3 3'],
    ['layers.25.linear', '10'],
  ]);
  const convolutions = 9 * (24 * 16 + 16 * 16 + 16 * 48 + 48 * 48 + 48 * 32 + 32 * 32);
  expect(parameterCount(spec)).toBe(24 * 13 + convolutions + 4 * (16 + 48 + 32) + 320);
  expect(netWords(spec)).toMatch(
    /^3x32x32, whitening 24 of 2x2, gelu, conv 16 of 3x3, .*linear 10, times 0.1111$/,
  );
});

test('what is trained: all but the whitening filters and gamma; biases of batch norm at 64 times the rate', () => {
  const ranges = rateRanges(layout);
  const factorAt = (element: number) =>
    ranges.find(({ start, end }) => element >= start && element < end)?.rateFactor;
  for (const { name, start, size } of layout.parameters) {
    const factor = name.endsWith('bn.bias')
      ? 64
      : /layers.0.conv.weight|bn.weight/.test(name)
        ? undefined
        : 1;
    expect([factorAt(start), factorAt(start + size - 1)], name).toEqual([factor, factor]);
  }
  const epochs = ranges.map(({ name, trainedEpochs }) => [name, trainedEpochs]);
  expect(epochs.filter(([, trained]) => trained !== undefined)).toEqual([['layers.0.conv.bias', 3]]);
  for (const { start, end } of ranges) expect([start % 4, end % 4]).toEqual([0, 0]);
  expect(rateRanges(layOut(namedNet('vgg-16-32-64', cifar, 10)))).toHaveLength(1);
});

test('initial values: filters hand on channels, weights within 1/sqrt(inputs), filters of the data', () => {
  const whitening = Float32Array.from({ length: 24 * 12 }, (_, i) => i + 1);
  const stream = (layer: number) => randomStream(1, 'weights', layer);
  const { parameters } = initialState(layout, 'torch', stream, () => whitening);
  const tensor = (name: string) =>
    extractSegment(parameters, layout.parameters.find((segment) => segment.name === name)!).data;
  expect(tensor('layers.0.conv.weight')).toEqual(whitening);
  // 24 channels to 16 filters: all of them hand on; 16 to 48: the first 16.
  const first = tensor('layers.2.conv.weight');
  for (let i = 0; i < 16 * 24 * 9; i++) {
    const [filter, channel, tap] = [Math.floor(i / 216), Math.floor(i / 9) % 24, i % 9];
    expect(first[i]).toBe(filter === channel && tap === 4 ? 1 : 0);
  }
  const second = tensor('layers.9.conv.weight');
  expect(second.subarray(0, 16 * 144).filter((value) => value !== 0)).toEqual(new Float32Array(16).fill(1));
  const rest = second.subarray(16 * 144);
  const bound = 1 / 12;
  const largest = rest.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest).toBeGreaterThan(0.99 * bound);
  const variance = rest.reduce((sum, value) => sum + value ** 2, 0) / rest.length;
  expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(0.05);
  expect(() => initialState(layout, 'torch', stream)).toThrow('layers.0.conv.weight follows from the data');
});

test("the preset is airbench94's", () => {
  const { settings } = namedNetExperiment('air-64-256-256');
  const { steps, batchSize, schedule, optimizer, valSize } = trainSettings(settings, {
    seeds: [1],
    shuffle: true,
  });
  expect([steps, batchSize, valSize]).toEqual([476, 1024, 0]);
  // Of the sum of a batch's losses, 11.5 / (1024 · (1 + 1 / (1 - 0.85))); of their mean, 1,024 times that.
  const rate = (11.5 / (1024 * (1 + 1 / 0.15))) * 1024;
  expect(learningRate(schedule, 0)).toBeCloseTo(0.2 * rate, 12);
  expect(Math.max(...Array.from({ length: steps }, (_, t) => learningRate(schedule, t)))).toBeCloseTo(
    rate,
    1,
  );
  expect(learningRate(schedule, steps - 1e-9)).toBeCloseTo(0.07 * rate, 8);
  expect(learningRate(schedule, 0.23 * steps)).toBeCloseTo(rate, 12);
  expect(optimizer).toEqual({ kind: 'sgd', momentum: 0.85, nesterov: true, weightDecay: 0.0153 / 11.5 });
});

describe('what does not fit is named', () => {
  const net = (...layers: NetSpec['layers']): NetSpec => ({ input: cifar, layers, classes: 10 });
  test.each([
    [
      net({ kind: 'conv', filters: 12, size: 2, initial: 'whitening' }),
      'layer 0 (layers.0.conv) behind 3 x 32 x 32 values: 12 whitening filters of 2 x 2 x 3: there are 24',
    ],
    [net({ kind: 'scale', factor: 0 }), 'a factor of 0'],
    [net({ kind: 'conv', filters: 4, size: 3, biasEpochs: 0 }), 'a bias of 0 epochs'],
  ] as const)('%#', (bad, message) => expect(() => resolveNet(bad)).toThrow(message));

  test('rows of numbers', () => {
    expect(() => namedNet('air-4-4-4', { features: 12 }, 10)).toThrow('it wants an image');
  });
});

describe("the state dict of PyTorch's nn.Sequential of the same layers", () => {
  const tensors = [...layout.parameters, ...layout.statistics].map(
    ({ name, parameter: { torchShape } }, i) => {
      const [, place, , rest] = name.split('.');
      const length = torchShape.reduce((product, size) => product * size, 1);
      return {
        name: `${place}.${rest}`,
        shape: torchShape,
        data: Float32Array.from({ length }, (_, k) => i + k / length),
      };
    },
  );
  const state = () => ({
    parameters: new Float32Array(layout.parameterCount),
    statistics: new Float32Array(layout.statisticCount),
  });

  test('is read', () => {
    const read = state();
    applyStateDict(layout, read, tensors);
    for (const [i, segment] of [...layout.parameters, ...layout.statistics].entries()) {
      const flat = layout.statistics.includes(segment) ? read.statistics : read.parameters;
      expect(extractSegment(flat, segment).data, segment.name).toEqual(tensors[i]!.data);
    }
  });

  test('of another net is refused in a line', () => {
    const other = layOut(namedNet('air-16-48-64', cifar, 10));
    const read = {
      parameters: new Float32Array(other.parameterCount),
      statistics: new Float32Array(other.statisticCount),
    };
    expect(() => applyStateDict(other, read, tensors)).toThrow(
      '16.weight, which would be layers.16.conv.weight, is 32 x 48 x 3 x 3 in the weights, 64 x 48 x 3 x 3 in this net',
    );
  });
});
