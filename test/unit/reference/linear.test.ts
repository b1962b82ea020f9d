import { describe, expect, test } from 'vitest';
import { absBiasGrad, biasGrad } from '../../../src/reference/bias.ts';
import {
  absMatmul,
  absMatmulDgrad,
  absMatmulWgrad,
  matmul,
  matmulDgrad,
  matmulWgrad,
} from '../../../src/reference/matmul.ts';
import { transpose } from '../../../src/reference/numbers.ts';
import { relu, reluBackward } from '../../../src/reference/relu.ts';

describe('matmul', () => {
  const shape = { M: 2, K: 3, N: 2 };
  const x = [1, -2, 3, 0, 5, -1]; // (2, 3)
  const w = [2, 1, -1, 4, 3, -2]; // (3, 2)
  const dy = [1, -1, 2, 3]; // (2, 2)

  test('forward', () => {
    expect([...matmul(x, w, null, shape)]).toEqual([13, -13, -8, 22]);
    expect([...matmul(Float32Array.from(x), w, [10, 20], shape)]).toEqual([23, 7, 2, 42]);
    expect([...absMatmul(x, w, [-10, 20], shape)]).toEqual([13 + 10, 15 + 20, 8 + 10, 22 + 20]);
  });

  test('wgrad', () => {
    expect([...matmulWgrad(x, dy, shape)]).toEqual([1, -1, 8, 17, 1, -6]);
    expect([...absMatmulWgrad(x, dy, shape)]).toEqual([1, 1, 12, 17, 5, 6]);
  });

  test('dgrad', () => {
    expect([...matmulDgrad(dy, w, shape)]).toEqual([1, -5, 5, 7, 10, 0]);
    expect([...absMatmulDgrad(dy, w, shape)]).toEqual([3, 5, 5, 7, 14, 12]);
  });

  test('the three agree: <dy, x w> = <dw, w> = <dx, x>', () => {
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((total, value, i) => total + value * b[i]!, 0);
    const product = dot(dy, matmul(x, w, null, shape));
    expect(dot(matmulWgrad(x, dy, shape), w)).toBe(product);
    expect(dot(matmulDgrad(dy, w, shape), x)).toBe(product);
  });

  test('refuses operands of the wrong length', () => {
    expect(() => matmul(x, w.slice(1), null, shape)).toThrow('w must have 6 elements, got 5');
    expect(() => matmul(x, w, [1], shape)).toThrow('bias must have 2 elements, got 1');
  });
});

test('transpose', () => {
  expect([...transpose([1, 2, 3, 4, 5, 6], 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
});

test('bias gradient: column sums', () => {
  expect([...biasGrad([1, -2, 3, 4, 5, -6], 3, 2)]).toEqual([9, -4]);
  expect([...absBiasGrad([1, -2, 3, 4, 5, -6], 3, 2)]).toEqual([9, 12]);
});

describe('relu', () => {
  test('forward', () => {
    expect([...relu([-1, 0, -0, 2, 1e-300])]).toEqual([0, 0, 0, 2, 1e-300]);
    expect(relu([Number.NaN])[0]).toBeNaN();
  });

  test('backward: the derivative at 0 is 0; input or output decide alike', () => {
    const x = [-1, 0, 2, 1e-300];
    expect([...reluBackward([5, 6, 7, 8], x)]).toEqual([0, 0, 7, 8]);
    expect([...reluBackward([5, 6, 7, 8], relu(x))]).toEqual([0, 0, 7, 8]);
  });
});
