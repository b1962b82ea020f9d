import { describe, expect, test } from 'vitest';
import { courseBatchNorm, type NetSpec } from '../../../src/nn/net-spec.ts';
import { type GradientCheckRow, gradientCheck } from '../../../src/reference/gradient-check.ts';
import { netGradients, netLoss } from '../../../src/reference/net.ts';
import { fullyConnected } from '../../fully-connected.ts';
import { randomCase } from './random-case.ts';

const orders = ['before-relu', 'after-relu', 'none'] as const;
const hiddenLayers = [
  [6, 5],
  [10, 8, 8, 6, 6, 5, 5, 5],
];

function makeNet(order: (typeof orders)[number], hidden: readonly number[]): NetSpec {
  return fullyConnected({
    inputs: 12,
    hidden,
    classes: 4,
    batchNorm: order === 'none' ? null : { ...courseBatchNorm, order },
  });
}

const worst = (rows: readonly GradientCheckRow[]) => Math.max(...rows.map((row) => row.maxDifference));

describe('gradient check', () => {
  describe.each(orders)('batch norm %s', (order) => {
    test.each(hiddenLayers.map((hidden) => [hidden.length + 1, hidden] as const))(
      '%d layers',
      (count, hidden) => {
        const net = makeNet(order, hidden);
        const rows = gradientCheck({ net, ...randomCase(net, 15, 5), lambda: 0.01 });
        expect(rows.length).toBe(order === 'none' ? 2 * count : 4 * hidden.length + 2);
        for (const row of rows) {
          expect(row.maxDifference, row.name).toBeLessThan(1e-7);
          expect(row.meanDifference, row.name).toBeLessThan(1e-7);
          expect(row.stdDifference, row.name).toBeLessThan(1e-7);
          expect(row.checked + row.kinks, row.name).toBe(row.size);
        }
        // Something was checked: the weights' gradients are not all 0.
        expect(rows.filter(({ parameter }) => parameter === 'W').every((row) => row.analyticStd > 1e-6)).toBe(
          true,
        );
      },
    );
  });

  describe('finds a gradient that is broken', () => {
    const net = makeNet('before-relu', [6, 5]);
    const data = randomCase(net, 15, 5);
    const { grads, lossGrads } = netGradients(net, data.params, data, { lambda: 0.01 });

    test.each(Object.keys(grads))('%s: one entry off by 1e-5', (name) => {
      const { shape, data: values } = grads[name]!;
      const broken = values.slice();
      broken[broken.length - 1]! += 1e-5;
      const rows = gradientCheck({
        net,
        ...data,
        lambda: 0.01,
        grads: { ...grads, [name]: { shape, data: broken } },
      });
      const bad = rows.filter((row) => row.maxDifference > 1e-7);
      expect(bad.map((row) => row.name)).toEqual([name]);
      expect(bad[0]!.maxDifference).toBeCloseTo(1e-5, 7);
    });

    test('weights transposed', () => {
      const name = 'layers.1.linear.weight';
      const { shape, data: values } = grads[name]!;
      const transposed = values.map((_, i) => values[(i % 5) * 6 + Math.floor(i / 5)]!);
      const rows = gradientCheck({
        net,
        ...data,
        lambda: 0.01,
        grads: { ...grads, [name]: { shape, data: transposed } },
      });
      expect(rows.filter((row) => row.maxDifference > 1e-7).map((row) => row.name)).toEqual([name]);
    });

    test('without the L2 term', () => {
      const rows = gradientCheck({ net, ...data, lambda: 0.01, grads: lossGrads });
      const bad = rows.filter((row) => row.maxDifference > 1e-7);
      expect(new Set(bad.map((row) => row.parameter))).toEqual(new Set(['W']));
      expect(bad.length).toBe(3);
    });

    test('not a number', () => {
      const name = 'layers.0.bn.weight';
      const nan = { shape: [6], data: new Float64Array(6).fill(Number.NaN) };
      const rows = gradientCheck({ net, ...data, lambda: 0.01, grads: { ...grads, [name]: nan } });
      expect(rows.find((row) => row.name === name)!.maxDifference).toBe(Number.POSITIVE_INFINITY);
    });

    test('missing', () => {
      expect(() => gradientCheck({ net, ...data, lambda: 0.01, grads: {} })).toThrow('grads has no layers.0');
    });
  });

  test('samples are drawn with the seed', () => {
    const net = makeNet('after-relu', [6, 5]);
    const data = { net, ...randomCase(net, 15, 6), lambda: 0.01, samplesPerTensor: 5 };
    const rows = gradientCheck(data);
    expect(rows.every((row) => row.checked === Math.min(5, row.size))).toBe(true);
    expect(gradientCheck({ ...data, seed: 1 })).toEqual(rows);
    expect(gradientCheck({ ...data, seed: 2 })[0]!.analyticMean).not.toBe(rows[0]!.analyticMean);
  });

  describe('kinks', () => {
    // One hidden unit, whose input is 5e-7: within h = 1e-6 of its kink.
    const net = fullyConnected({ inputs: 1, hidden: [1], classes: 2, batchNorm: null });
    const params = {
      'layers.0.linear.weight': { shape: [1, 1], data: [1] },
      'layers.0.linear.bias': { shape: [1], data: [-1 + 5e-7] },
      'layers.1.linear.weight': { shape: [2, 1], data: [1, -1] },
      'layers.1.linear.bias': { shape: [2], data: [0, 0] },
    };
    const data = { net, params, x: [1], labels: [0], lambda: 0 };

    test('crossed: left out, and said when nothing is left', () => {
      expect(() => gradientCheck(data)).toThrow(
        'kinks within h = 0.000001 of all 1 entries of layers.0.linear.weight',
      );
    });
    test('not crossed with a smaller h', () => {
      const rows = gradientCheck({ ...data, h: 1e-7 });
      expect(worst(rows)).toBeLessThan(1e-7);
      expect(rows.every((row) => row.kinks === 0)).toBe(true);
    });
    test('among many: counted and replaced, where a central difference is far off', () => {
      const wide = makeNet('none', [6, 5]);
      const { params, x, labels } = randomCase(wide, 15, 8);
      const before = netGradients(wide, params, { x, labels });
      // Moves unit 2 of layer 1 so that its input for sample 3 is 1e-9: the bias and some weights cross its kink.
      const bias = params['layers.1.linear.bias']!.data;
      bias[2]! += 1e-9 - before.tapes.filter(({ pattern }) => pattern)[1]!.x[3 * 5 + 2]!;

      const all = gradientCheck({ net: wide, params, x, labels, lambda: 0 });
      const row = all.find(({ name }) => name === 'layers.1.linear.bias')!;
      expect([row.kinks, row.checked]).toEqual([1, 4]);
      expect(all.reduce((total, { kinks }) => total + kinks, 0)).toBeGreaterThan(1);
      expect(worst(all)).toBeLessThan(1e-7);
      const four = gradientCheck({ net: wide, params, x, labels, lambda: 0, samplesPerTensor: 4 });
      expect(four.every(({ checked }) => checked === 4)).toBe(true);

      const { grads } = netGradients(wide, params, { x, labels });
      const center = bias[2]!;
      const [above, below] = [center + 1e-6, center - 1e-6].map((value) => {
        bias[2] = value;
        return netLoss(wide, params, { x, labels }).cost;
      });
      const numeric = (above! - below!) / 2e-6;
      expect(Math.abs(numeric - grads['layers.1.linear.bias']!.data[2]!)).toBeGreaterThan(1e-4);
    });
  });
});
