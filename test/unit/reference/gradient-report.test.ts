import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import {
  areClear,
  type GradientLine,
  gradientBounds,
  gradientReport,
} from '../../../src/reference/gradient-report.ts';
import { netGradients } from '../../../src/reference/net.ts';
import type { Numbers } from '../../../src/reference/numbers.ts';
import { fullyConnected } from '../../fully-connected.ts';
import { randomCase } from './random-case.ts';

const shape = { inputs: 12, hidden: [6, 5], classes: 4, batchNorm: courseBatchNorm };
const net = fullyConnected(shape);
const gradientCase = { net, ...randomCase(net, 15, 5), lambda: 0.01 };
const bounds = gradientBounds(gradientCase);

/** The gradients that a GPU without a mistake gives: rounded, and exactly 0 for biases in front of batch norm. */
function soundGradients(labelSmoothing = 0): Record<string, Float32Array> {
  const { params, x, labels } = gradientCase;
  const { lossGrads } = netGradients(net, params, { x, labels }, { labelSmoothing });
  const grads = Object.entries(lossGrads).map(([name, { data }]) => [name, Float32Array.from(data)] as const);
  const zero = { 'layers.0.linear.bias': new Float32Array(6), 'layers.1.linear.bias': new Float32Array(5) };
  return { ...Object.fromEntries(grads), ...zero };
}

const reportOf = (gpu: Readonly<Record<string, Numbers>>, changes: object = {}) =>
  gradientReport({ ...gradientCase, ...changes }, gpu, bounds, { entries: 4 });
const failures = (lines: readonly GradientLine[]) =>
  lines
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ name, compared, verdict }) => `${name} ${compared} ${verdict}`);

describe('the report', () => {
  test('has two lines for each tensor, layer by layer', () => {
    const lines = reportOf(soundGradients());
    expect(lines.map(({ layer, parameter, compared }) => `${layer} ${parameter} ${compared}`)).toEqual(
      [
        ['0 W', '0 b', '0 gamma', '0 beta'],
        ['1 W', '1 b', '1 gamma', '1 beta'],
        ['2 W', '2 b'],
      ].flatMap((layer) => layer.flatMap((tensor) => [`${tensor} numeric`, `${tensor} GPU`])),
    );
    expect(failures(lines)).toEqual([]);
    expect(lines.slice(0, 2)).toMatchObject([
      { entries: 4, size: 72, limit: 1e-7 },
      { entries: 72, size: 72, limit: bounds['layers.0.linear.weight']!.bound },
    ]);
    expect(lines[1]!.std).toBeGreaterThan(0.01);
  });

  test.each(Object.keys(soundGradients()))('%s: one entry that is wrong on the GPU', (name) => {
    const gpu = soundGradients();
    gpu[name]![3]! += 1e-5;
    const lines = reportOf(gpu);
    expect(failures(lines)).toEqual([`${name} GPU wrong`]);
    expect(lines.find((line) => line.name === name && line.compared === 'GPU')!.maxDifference).toBeCloseTo(
      1e-5,
      7,
    );
  });

  test('a gradient that is no number', () => {
    const gpu = soundGradients();
    gpu['layers.2.linear.bias']![0] = Number.NaN;
    const lines = reportOf(gpu);
    expect(failures(lines)).toEqual(['layers.2.linear.bias GPU wrong']);
    expect(lines.at(-1)!.maxDifference).toBe(Number.POSITIVE_INFINITY);
  });

  test('central differences that differ', () => {
    // Inputs so large that a step of 1e-6 is not small.
    const x = Float64Array.from(gradientCase.x, (value) => 1e5 * value);
    const plain = { net: fullyConnected({ ...shape, batchNorm: null }), params: gradientCase.params, x };
    const { lossGrads } = netGradients(plain.net, plain.params, { x, labels: gradientCase.labels });
    const gpu = Object.fromEntries(Object.entries(lossGrads).map(([name, { data }]) => [name, data]));
    const itsBounds = gradientBounds({ ...gradientCase, ...plain });
    const lines = gradientReport({ ...gradientCase, ...plain }, gpu, itsBounds, { entries: 4 });
    expect(failures(lines)).toContain('layers.0.linear.weight numeric wrong');
  });

  test('bounds that are too wide to tell', () => {
    const wide = Object.fromEntries(
      Object.entries(bounds).map(([name, bound]) => [name, { ...bound, bound: 0.01 * bound.largest }]),
    );
    expect([areClear(bounds), areClear(wide)]).toEqual([true, false]);
    const lines = gradientReport(gradientCase, soundGradients(), wide, { entries: 4 });
    // A bias in front of batch norm needs no bound.
    expect(failures(lines)).toHaveLength(8);
    expect(failures(lines)).toContain('layers.0.bn.weight GPU unclear');
  });

  test('label smoothing', () => {
    const smoothed = { ...gradientCase, labelSmoothing: 0.1 };
    const itsBounds = gradientBounds(smoothed);
    const lines = gradientReport(smoothed, soundGradients(0.1), itsBounds, { entries: 4 });
    expect(failures(lines)).toEqual([]);
    expect(failures(gradientReport(smoothed, soundGradients(), itsBounds, { entries: 4 }))).not.toEqual([]);
  });

  test('a tensor that is missing', () => {
    const { 'layers.1.bn.bias': _, ...gpu } = soundGradients();
    expect(() => reportOf(gpu)).toThrow('layers.1.bn.bias has no gradients, not 5');
  });
});
