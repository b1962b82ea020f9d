/** Initial values: what is random has the right spread, the rest is fixed. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/data/random.ts';
import { initialState, type WeightInit } from '../../../src/nn/init.ts';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import { extractSegment, layOut } from '../../../src/nn/parameters.ts';
import { type FullyConnected, fullyConnected } from '../../fully-connected.ts';

const net: FullyConnected = { inputs: 600, hidden: [70, 90], classes: 50, batchNorm: courseBatchNorm };
const layout = layOut(fullyConnected(net));
const streamOf = (layer: number) => randomStream(7, 'weights', layer);

const tensorsOf = ({ parameters, statistics }: ReturnType<typeof initialState>) =>
  Object.fromEntries([
    ...layout.parameters.map((segment) => [segment.name, extractSegment(parameters, segment).data] as const),
    ...layout.statistics.map((segment) => [segment.name, extractSegment(statistics, segment).data] as const),
  ]);

describe.each([
  ['he', (inputs: number) => Math.sqrt(2 / inputs)],
  ['xavier', (inputs: number, outputs: number) => Math.sqrt(2 / (inputs + outputs))],
  [{ sigma: 0.01 }, () => 0.01],
] as readonly [WeightInit, (inputs: number, outputs: number) => number][])('%j', (init, sigmaOf) => {
  const tensors = tensorsOf(initialState(layout, init, streamOf));

  test.each([
    [0, 600, 70],
    [1, 70, 90],
    [2, 90, 50],
  ])(
    'weights of layer %i: mean 0, the standard deviation of the scheme, normal tails',
    (layer, inputs, outputs) => {
      const values = tensors[`layers.${layer}.linear.weight`]!;
      const n = values.length;
      const sigma = sigmaOf(inputs, outputs);
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
      // Five standard errors: sigma / sqrt(n) of a mean, sigma^2 sqrt(2 / n) of a normal variance.
      expect(Math.abs(mean)).toBeLessThan((5 * sigma) / Math.sqrt(n));
      expect(Math.abs(variance / sigma ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
      // 4.55 % of a normal distribution lies beyond 2 sigma.
      const beyond = values.filter((value) => Math.abs(value) > 2 * sigma).length / n;
      expect(Math.abs(beyond - 0.0455)).toBeLessThan(5 * Math.sqrt((0.0455 * 0.9545) / n));
    },
  );

  test('everything else is fixed', () => {
    for (const [name, values] of Object.entries(tensors)) {
      if (name.endsWith('linear.weight')) continue;
      const value = name.endsWith('bn.weight') || name.endsWith('running_var') ? 1 : 0;
      expect(new Set(values), name).toEqual(new Set([value]));
    }
  });
});

test('weights are drawn output by output, as PyTorch lays them out', () => {
  const stream = streamOf(1);
  const expected = Float32Array.from({ length: 90 * 70 }, () => 0.5 * stream.normal());
  const tensors = tensorsOf(initialState(layout, { sigma: 0.5 }, streamOf));
  const weights = tensors['layers.1.linear.weight']!;
  expect(weights.length).toBe(expected.length);
  expect(weights.findIndex((value, i) => value !== expected[i])).toBe(-1);
});

test('a layer does not depend on the size of the others', () => {
  const wider = layOut(fullyConnected({ ...net, hidden: [70, 90, 30] }));
  const a = initialState(layout, 'he', streamOf).parameters;
  const b = initialState(wider, 'he', streamOf).parameters;
  for (const layer of [0, 1]) {
    const name = `layers.${layer}.linear.weight`;
    const of = (flat: Float32Array, segments: typeof layout.parameters) =>
      extractSegment(flat, segments.find((segment) => segment.name === name)!).data;
    const weights = of(a, layout.parameters);
    expect(of(b, wider.parameters).findIndex((value, i) => value !== weights[i])).toBe(-1);
  }
});

test('padding is 0, also where gamma is 1 and the variance 1', () => {
  const narrow = layOut(fullyConnected({ inputs: 3, hidden: [5], classes: 2, batchNorm: courseBatchNorm }));
  const { parameters, statistics } = initialState(narrow, 'he', streamOf);
  for (const [flat, segments] of [
    [parameters, narrow.parameters],
    [statistics, narrow.statistics],
  ] as const) {
    const padding = Float32Array.from(flat);
    for (const { start, parameter, ld } of segments) {
      const { rows, cols } = parameter;
      for (let row = 0; row < rows; row++) padding.fill(0, start + row * ld, start + row * ld + cols);
    }
    expect(new Set(padding)).toEqual(new Set([0]));
  }
});
