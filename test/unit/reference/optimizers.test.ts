import { describe, expect, test } from 'vitest';
import { absAdam, adam } from '../../../src/reference/adam.ts';
import { absSgd, addL2, sgd } from '../../../src/reference/sgd.ts';
import { compare, sumBound } from '../../../src/reference/tolerance.ts';
import { expectClose } from './expect-close.ts';
import { normalNumbers } from './random-case.ts';

describe('sgd', () => {
  const settings = { learningRate: 0.5, lambda: 0.25 };
  test('by hand, the L2 term only where decayed', () => {
    expect([...addL2([1, 1], [4, 4], [1, 0], 0.25)]).toEqual([3, 1]);
    const input = { w: [4, 4], dw: [1, 1], velocity: [0, 0], decayed: [1, 0] };
    expect([...sgd(input, settings).w]).toEqual([2.5, 3.5]);
    expect([...absSgd({ ...input, w: [-4, 4], dw: [-1, 1] }, settings).w]).toEqual([5.5, 4.5]);
  });
  test('momentum, Nesterov and weight decay by hand', () => {
    const input = { w: [4], dw: [1], velocity: [2], decayed: [0] };
    // g = 1 + 0.25 * 4 = 2; velocity = 0.5 * 2 + 2 = 3.
    const heavy = { ...settings, momentum: 0.5, weightDecay: 0.25 };
    expect(sgd(input, heavy)).toEqual({ w: Float64Array.of(2.5), velocity: Float64Array.of(3) });
    expect([...sgd(input, { ...heavy, nesterov: true }).w]).toEqual([4 - 0.5 * (2 + 0.5 * 3)]);
    expect([...sgd(input, settings).velocity]).toEqual([2]);
  });
  test('refuses arrays of different length', () => {
    const input = { w: [1, 2], dw: [1], velocity: [0], decayed: [1, 1] };
    expect(() => sgd(input, settings)).toThrow('w must have 1 elements');
  });
});

describe('adam', () => {
  const settings = { learningRate: 0.1, lambda: 0, b1: 0.5, b2: 0.75, eps: 0, step: 1 };

  test('the first step has the length of the learning rate, whatever the gradient', () => {
    const { w, mu, nu } = adam([1, 1], [4, -1e-3], [0, 0], [0, 0], [0, 0], settings);
    expectClose(w, [0.9, 1.1]);
    expectClose(mu, [2, -5e-4]);
    expectClose(nu, [4, 2.5e-7]);
  });

  test('the second step by hand', () => {
    // mu = 0.5 * 2 + 0.5 * 2 = 2, corrected 2 / 0.75; nu = 0.75 * 4 + 0.25 * 4 = 4, corrected 4 / 0.4375; eps = 1
    const { w } = adam([1], [2], [2], [4], [0], { ...settings, eps: 1, step: 2 });
    expectClose(w, [1 - (0.1 * (2 / 0.75)) / (Math.sqrt(4 / 0.4375) + 1)]);
  });

  test('the L2 term goes through the moments, only where decayed', () => {
    const { mu } = adam([3, 3], [1, 1], [0, 0], [0, 0], [1, 0], { ...settings, lambda: 0.5 });
    expect([...mu]).toEqual([2, 0.5]);
  });

  test('AdamW shrinks the parameters first, by the rate times the decay', () => {
    const { w } = adam([2], [4], [0], [0], [0], { ...settings, weightDecay: 0.5 });
    expectClose(w, [2 * (1 - 0.1 * 0.5) - 0.1]);
  });

  test('step counts from 1', () => {
    expect(() => adam([1], [1], [0], [0], [0], { ...settings, step: 0 })).toThrow('counts from 1');
  });

  test.each([1, 2, 1000])('float32 within the scales: step %d', (step) => {
    const f = Math.fround;
    const count = 200;
    const normal = normalNumbers(step);
    const arrays = [normal(count), normal(count, 1e-3), normal(count, 1e-3), normal(count, 1e-3)];
    const [w, dw, mu, root] = arrays.map((a) => Float32Array.from(a)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const nu = root.map((value) => value * value);
    // All 0; a square that is flushed to 0; a mean and a gradient of opposite signs over a nu of 0.
    dw.set([0, 1e-25, -1e-9]);
    mu.set([0, 0, 1e-9]);
    nu.set([0, 0, 0]);
    const decayed = Uint8Array.from({ length: count }, (_, i) => i % 2);
    // The values that a kernel is given: rounding 0.999 to float32 alone moves 1 - b2 by 1e-5 of its size.
    const [learningRate, lambda, b1, b2, eps] = [f(0.01), f(0.005), f(0.9), f(0.999), f(1e-8)];
    const s = { learningRate, lambda, b1, b2, eps, step };
    const truth = adam(w, dw, mu, nu, decayed, s);
    const scales = absAdam(w, dw, mu, nu, decayed, s);
    const flush = (value: number) => (Math.abs(value) < 2 ** -126 ? 0 : f(value));
    const [newW, newMu, newNu] = [w.slice(), mu.slice(), nu.slice()];
    const wrongW = w.slice();
    for (let i = 0; i < count; i++) {
      const g = decayed[i] ? f(dw[i]! + f(f(2 * lambda) * w[i]!)) : dw[i]!;
      newMu[i] = f(f(b1 * mu[i]!) + f(f(1 - b1) * g));
      newNu[i] = f(f(b2 * nu[i]!) + flush(f(1 - b2) * flush(g * g)));
      const mHat = f(newMu[i]! / f(1 - b1 ** step));
      const vHat = f(newNu[i]! / f(1 - b2 ** step));
      newW[i] = f(w[i]! - f(f(learningRate * mHat) / f(f(Math.sqrt(vHat)) + eps)));
      wrongW[i] = f(w[i]! - f(f(learningRate * mHat) / f(Math.sqrt(f(vHat + eps)))));
    }
    expect(compare(newMu, truth.mu, sumBound(scales.mu, 1)).ok).toBe(true);
    expect(compare(newNu, truth.nu, sumBound(scales.nu, 1)).ok).toBe(true);
    expect(compare(newW, truth.w, sumBound(scales.w, 1)).ok).toBe(true);
    expect(compare(wrongW, truth.w, sumBound(scales.w, 1)).ok).toBe(false);
  });
});
