import { describe, expect, test } from 'vitest';
import { absSoftmaxCrossEntropy, softmaxCrossEntropy } from '../../../src/reference/softmax-cross-entropy.ts';
import { compare, sumBound } from '../../../src/reference/tolerance.ts';
import { expectClose } from './expect-close.ts';
import { normalNumbers } from './random-case.ts';

describe('softmax-cross-entropy', () => {
  test('by hand: probabilities 1/2, 1/3, 1/6', () => {
    const logits = [Math.log(3), Math.log(2), 0];
    const { loss, hit, dlogits } = softmaxCrossEntropy([...logits, ...logits], [0, 2], 2, 3);
    expectClose(loss, [Math.log(2), Math.log(6)]);
    expect([...hit]).toEqual([1, 0]);
    expectClose(dlogits, [-1 / 4, 1 / 6, 1 / 12, 1 / 4, 1 / 6, -5 / 12]);
  });

  test('by hand, label smoothing 0.2: targets 0.1 and 0.9 against probabilities 1/4, 3/4', () => {
    const { loss, hit, dlogits } = softmaxCrossEntropy([0, Math.log(3)], [1], 1, 2, 0.2);
    expectClose(loss, [0.1 * Math.log(4) + 0.9 * Math.log(4 / 3)]);
    expect([...hit]).toEqual([1]);
    expectClose(dlogits, [1 / 4 - 0.1, 3 / 4 - 0.9]);
  });

  test('label smoothing: the loss is that of all labels, weighted; dlogits is its central difference', () => {
    const [C, s, h] = [10, 0.1, 1e-5];
    const logits = normalNumbers(3)(C, 3);
    const lossOf = (values: readonly number[], label: number, smoothing: number) =>
      softmaxCrossEntropy(values, [label], 1, C, smoothing).loss[0]!;
    const ofEach = Array.from({ length: C }, (_, label) => lossOf([...logits], label, 0));
    const mean = ofEach.reduce((a, b) => a + b) / C;
    expectClose([lossOf([...logits], 4, s)], [(1 - s) * ofEach[4]! + s * mean]);
    const { dlogits } = softmaxCrossEntropy(logits, [4], 1, C, s);
    for (let j = 0; j < C; j++) {
      const moved = (step: number) => Array.from(logits, (value, i) => (i === j ? value + step : value));
      const difference = (lossOf(moved(h), 4, s) - lossOf(moved(-h), 4, s)) / (2 * h);
      expect(Math.abs(difference - dlogits[j]!)).toBeLessThan(1e-8);
    }
  });

  test('large logits neither overflow nor lose the loss', () => {
    const { loss, dlogits } = softmaxCrossEntropy([1000, 0, -1000, 0], [1, 1], 2, 2);
    expect([...loss]).toEqual([1000, 0]);
    expect([...dlogits]).toEqual([0.5, -0.5, 0, 0]);
  });

  test('equal logits: the lowest index wins', () => {
    const logits = [1, 7, 7, 7, 1, 7];
    expect([...softmaxCrossEntropy(logits, [1, 2], 2, 3).hit]).toEqual([1, 0]);
    expect([...softmaxCrossEntropy(logits, [2, 0], 2, 3).hit]).toEqual([0, 1]);
  });

  test('rows of dlogits add up to 0', () => {
    const { dlogits } = softmaxCrossEntropy(normalNumbers(1)(50, 3), [1, 2, 3, 4, 5], 5, 10);
    for (let b = 0; b < 5; b++) {
      expectClose([dlogits.slice(b * 10, b * 10 + 10).reduce((a, v) => a + v, 0)], [0]);
    }
  });

  test.each([0.1, 3, 30])('float32 within the scales: logits of std %d', (std) => {
    const f = Math.fround;
    const [B, C] = [50, 10];
    const logits = Float32Array.from(normalNumbers(2)(B * C, std));
    const labels = Array.from({ length: B }, (_, b) => b % C);
    const truth = softmaxCrossEntropy(logits, labels, B, C);
    const scales = absSoftmaxCrossEntropy(logits, labels, B, C);
    const [loss, dlogits] = [new Float32Array(B), new Float32Array(B * C)];
    for (let b = 0; b < B; b++) {
      const row = logits.subarray(b * C, b * C + C);
      const max = Math.max(...row);
      const exps = row.map((value) => Math.exp(f(value - max)));
      const sum = exps.reduce((a, e) => f(a + e), 0);
      loss[b] = f(f(Math.log(sum)) - f(row[labels[b]!]! - max));
      exps.forEach((e, j) => {
        dlogits[b * C + j] = f(f(f(e / sum) - (j === labels[b] ? 1 : 0)) / B);
      });
    }
    expect(compare(loss, truth.loss, sumBound(scales.loss, C)).ok).toBe(true);
    expect(compare(dlogits, truth.dlogits, sumBound(scales.dlogits, C)).ok).toBe(true);
    const offByOne = dlogits.map((value) => (value * B) / (B - 1));
    expect(compare(offByOne, truth.dlogits, sumBound(scales.dlogits, C)).ok).toBe(false);
  });

  test('refuses a label outside the classes', () => {
    expect(() => softmaxCrossEntropy([1, 2], [2], 1, 2)).toThrow('labels[0] must be 0..1, got 2');
    expect(() => softmaxCrossEntropy([1, 2], [0.5], 1, 2)).toThrow('labels[0]');
  });

  test.each([-0.1, 1, Number.NaN])('refuses label smoothing %d', (smoothing) => {
    expect(() => softmaxCrossEntropy([1, 2], [0], 1, 2, smoothing)).toThrow('label smoothing must be 0');
  });
});
