import { describe, expect, test } from 'vitest';
import {
  absBatchNormBackward,
  absBatchNormForward,
  absBatchNormInference,
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  updateRunningStats,
} from '../../../src/reference/batch-norm.ts';
import { compare, sumBound } from '../../../src/reference/tolerance.ts';
import { expectClose } from './expect-close.ts';
import { normalNumbers } from './random-case.ts';

// Column 0: 1, 3, 5, 7: mean 4, variance 5. Column 1: constant 2: variance 0.
const x = [1, 2, 3, 2, 5, 2, 7, 2];
const shape = { B: 4, N: 2 };
const gamma = [3, 10];
const beta = [-1, 0.5];

describe('batch-norm', () => {
  test('forward by hand: eps = 4 makes the standard deviations 3 and 2', () => {
    const { y, batchMean, batchVariance, invStd } = batchNormForward(x, gamma, beta, shape, 4);
    expect([...batchMean]).toEqual([4, 2]);
    expect([...batchVariance]).toEqual([5, 0]);
    expectClose(invStd, [1 / 3, 1 / 2]);
    expectClose(y, [-4, 0.5, -2, 0.5, 0, 0.5, 2, 0.5]);
  });

  test('two passes keep the variance of numbers far from 0', () => {
    const { batchVariance } = batchNormForward([1e8 + 1, 1e8 + 3], [1], [0], { B: 2, N: 1 }, 0);
    expect(batchVariance[0]).toBe(1);
  });

  test('backward by hand: dy = 1, 0, 0, 0', () => {
    // xHat = -1, -1/3, 1/3, 1 and invStd = 1/3: dbeta = 1, dgamma = -1, dx = gamma invStd (dy - 1/4 + xHat / 4).
    const dy = [1, 0, 0, 0];
    const { dx, dgamma, dbeta } = batchNormBackward(dy, [1, 3, 5, 7], [3], [4], [1 / 3], { B: 4, N: 1 });
    expectClose(dgamma, [-1]);
    expectClose(dbeta, [1]);
    expectClose(dx, [1 / 2, -1 / 3, -1 / 6, 0]);
  });

  test('backward against central differences of sum(dy y)', () => {
    const normal = normalNumbers(3);
    const [B, N] = [7, 3];
    const [input, dy, g, b] = [normal(B * N), normal(B * N), normal(N), normal(N)];
    const value = () =>
      batchNormForward(input, g, b, { B, N }, 1e-5).y.reduce((total, y, i) => total + y * dy[i]!, 0);
    const numeric = (array: Float64Array) =>
      array.map((center, i) => {
        array[i] = center + 1e-5;
        const above = value();
        array[i] = center - 1e-5;
        const below = value();
        array[i] = center;
        return (above - below) / 2e-5;
      });
    const { batchMean, invStd } = batchNormForward(input, g, b, { B, N }, 1e-5);
    const { dx, dgamma, dbeta } = batchNormBackward(dy, input, g, batchMean, invStd, { B, N });
    expectClose(dx, numeric(input), 0, 1e-8);
    expectClose(dgamma, numeric(g), 0, 1e-8);
    expectClose(dbeta, numeric(b), 0, 1e-8);
  });

  test('inference by hand', () => {
    const stats = { mean: [1, -2], variance: [0, 12] };
    expectClose(batchNormInference([1, 2, 3, -2], gamma, beta, stats, { B: 2, N: 2 }, 4), [-1, 10.5, 2, 0.5]);
    expectClose(absBatchNormInference([1, -2], gamma, beta, stats, { B: 1, N: 2 }, 4), [3 + 1, 10 + 0.5]);
  });

  describe('running statistics', () => {
    const running = { mean: [10], variance: [20] };
    const batch = { mean: [2], variance: [4] };
    const update = (
      runningVariance: 'biased' | 'unbiased',
      runningInit: 'first-batch' | 'zero-one',
      isFirst: boolean,
    ) => {
      const options = { statsMomentum: 0.25, runningVariance, runningInit };
      const { mean, variance } = updateRunningStats(running, batch, 5, options, isFirst);
      return [mean[0], variance[0]];
    };

    test('the weight is that of the new batch', () => {
      expect(update('biased', 'zero-one', false)).toEqual([8, 16]);
      expect(update('biased', 'zero-one', true)).toEqual([8, 16]);
    });
    test('unbiased: B / (B - 1)', () => expect(update('unbiased', 'zero-one', true)).toEqual([8, 16.25]));
    test('first-batch sets them once', () => {
      expect(update('biased', 'first-batch', true)).toEqual([2, 4]);
      expect(update('unbiased', 'first-batch', true)).toEqual([2, 5]);
      expect(update('biased', 'first-batch', false)).toEqual([8, 16]);
    });
    test('one sample has no unbiased variance', () => {
      const options = { statsMomentum: 0.1, runningVariance: 'unbiased', runningInit: 'zero-one' } as const;
      expect(() => updateRunningStats(running, batch, 1, options, false)).toThrow('at least 2 samples');
    });
  });

  // Float32 arithmetic with every intermediate rounded stays inside the bound; with an error in it, it does not.
  describe.each([
    { B: 100, N: 5, offset: 0, std: 1 },
    { B: 3, N: 4, offset: 0, std: 1 },
    { B: 100, N: 5, offset: 30, std: 0.5 },
    { B: 257, N: 3, offset: -5, std: 0.01 },
  ])('float32 within the scales: B=$B N=$N offset=$offset std=$std', ({ B, N, offset, std }) => {
    const f = Math.fround;
    const normal = normalNumbers(B + N);
    const input = Float32Array.from(normal(B * N, std), (value) => value + offset);
    const [dy, g, b] = [
      Float32Array.from(normal(B * N)),
      Float32Array.from(normal(N)),
      Float32Array.from(normal(N)),
    ];
    const eps = f(1e-5);

    test('forward', () => {
      const truth = batchNormForward(input, g, b, { B, N }, eps);
      const scales = absBatchNormForward(input, g, b, { B, N }, eps);
      const y = new Float32Array(B * N);
      const [means, variances, invStds] = [new Float32Array(N), new Float32Array(N), new Float32Array(N)];
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let i = 0; i < B; i++) sum = f(sum + input[i * N + n]!);
        const mean = f(sum / B);
        let squares = 0;
        for (let i = 0; i < B; i++) {
          const centered = f(input[i * N + n]! - mean);
          squares = f(squares + f(centered * centered));
        }
        const invStd = f(1 / f(Math.sqrt(f(f(squares / B) + eps))));
        const factor = f(g[n]! * invStd);
        const shift = f(b[n]! - f(mean * factor));
        for (let i = 0; i < B; i++) y[i * N + n] = f(f(input[i * N + n]! * factor) + shift);
        [means[n], variances[n], invStds[n]] = [mean, f(squares / B), invStd];
      }
      const check = (actual: Float32Array, name: keyof typeof truth) =>
        compare(actual, truth[name], sumBound(scales[name], B));
      for (const [actual, name] of [
        [means, 'batchMean'],
        [variances, 'batchVariance'],
        [invStds, 'invStd'],
        [y, 'y'],
      ] as const) {
        expect(check(actual, name).ok, name).toBe(true);
      }
      const wrong = variances.map((variance) => 1.02 * variance);
      expect(check(wrong, 'batchVariance').ok).toBe(false);
    });

    test('backward', () => {
      const { batchMean, invStd } = batchNormForward(input, g, b, { B, N }, eps);
      const [means, invStds] = [Float32Array.from(batchMean), Float32Array.from(invStd)];
      const truth = batchNormBackward(dy, input, g, means, invStds, { B, N });
      const scales = absBatchNormBackward(dy, input, g, means, invStds, { B, N });
      const [dgamma, dbeta, dx] = [new Float32Array(N), new Float32Array(N), new Float32Array(B * N)];
      for (let n = 0; n < N; n++) {
        const xHat = (i: number) => f(f(input[i * N + n]! - means[n]!) * invStds[n]!);
        for (let i = 0; i < B; i++) {
          dgamma[n] = f(dgamma[n]! + f(dy[i * N + n]! * xHat(i)));
          dbeta[n] = f(dbeta[n]! + dy[i * N + n]!);
        }
        for (let i = 0; i < B; i++) {
          const inner = f(f(dy[i * N + n]! - f(dbeta[n]! / B)) - f(f(xHat(i) * dgamma[n]!) / B));
          dx[i * N + n] = f(f(g[n]! * invStds[n]!) * inner);
        }
      }
      for (const [actual, name] of [
        [dgamma, 'dgamma'],
        [dbeta, 'dbeta'],
        [dx, 'dx'],
      ] as const) {
        expect(compare(actual, truth[name], sumBound(scales[name], B)).ok, name).toBe(true);
      }
    });
  });
});
