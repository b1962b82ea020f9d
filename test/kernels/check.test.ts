import { describe, expect, test } from 'vitest';
import { biasGradient } from '../../src/kernels/bias.ts';
import type { Kernel, Shape, Variant } from '../../src/kernels/kernel.ts';
import { reluForward } from '../../src/kernels/relu.ts';
import { checkVariant, describeCheck, makeCase } from '../../src/reference/check.ts';
import { gpu } from './test-gpu.ts';

/** The first variant of a kernel, with other text in its shader. */
function changed<S extends Shape>(kernel: Kernel<S>, find: string, replace: string): Variant<S> {
  const variant = kernel.variants[0]!;
  expect(variant.source).toContain(find);
  return { ...variant, source: variant.source.replace(find, replace) };
}

const check = <S extends Shape>(kernel: Kernel<S>, variant: Variant<S>, shape: S, replicas: number) =>
  checkVariant(gpu, kernel, variant, shape, replicas, 1);

describe('checkVariant', () => {
  test('says how close a right kernel is', async () => {
    const result = await check(biasGradient, biasGradient.variants[0]!, { M: 7, N: 5 }, 2);
    expect(result.name).toBe('bias-gradient/naive M=7 N=5 R=2 seed=1');
    expect(result.ok).toBe(true);
    expect(result.outputs.map(({ binding, replica }) => [binding, replica])).toEqual([
      ['db', 0],
      ['db', 1],
    ]);
    expect(describeCheck(result)).toContain('db[replica 1]: 5 elements within their bounds');
  });

  test('finds elements that were not written', async () => {
    const result = await check(
      reluForward,
      changed(reluForward, 'id.x < COUNT / 4u', 'id.x < 1u'),
      { COUNT: 8 },
      2,
    );
    expect(result.ok).toBe(false);
    expect(result.outputs[1]!.comparison).toMatchObject({ failures: 4, nonFinite: 4, count: 8 });
  });

  test('finds writes around an array, between replicas and behind the last', async () => {
    const wide = changed(reluForward, 'id.x < COUNT / 4u', 'id.x < COUNT / 4u + 1u');
    const result = await check(reluForward, wide, { COUNT: 8 }, 2);
    expect(result.ok).toBe(false);
    expect(result.outputs.map(({ touched }) => touched)).toEqual([
      [8, 9, 10, 11],
      [8, 9, 10, 11],
    ]);
    expect(describeCheck(result)).toContain('y[replica 0]: 8 elements within their bounds');
  });

  test('finds what is read outside an array', async () => {
    const beyond = changed(biasGradient, 'm < M', 'm < M + 1u');
    const result = await check(biasGradient, beyond, { M: 7, N: 5 }, 1);
    expect(result.outputs[0]!.comparison.nonFinite).toBe(5);
  });

  test('finds replicas that are given the data of another', async () => {
    const first = changed(reluForward, 'x[id.z * (X_STRIDE / 4u) + id.x]', 'x[id.x]');
    const result = await check(reluForward, first, { COUNT: 68 }, 3);
    expect(result.outputs.map(({ comparison }) => comparison.ok)).toEqual([true, false, false]);
  });
});

describe('makeCase', () => {
  const shape = { M: 7, N: 5, K: 3 };
  const x = (replicas: number, seed: number, options = {}) =>
    makeCase('matmul-forward', shape, replicas, seed, options).inputs.x!.map((array) => Array.from(array));

  test('is a function of its arguments', () => {
    expect(x(2, 1)).toEqual(x(2, 1));
    expect(x(2, 1)).not.toEqual(x(2, 2));
  });

  test('gives each replica data of its own, or all the same', () => {
    const [first, second] = x(2, 1);
    expect(first).not.toEqual(second);
    expect(x(3, 1, { shared: ['x'] })).toHaveLength(1);
  });

  test('takes inputs that are given and leaves the others as they were', () => {
    const given = { x: [new Float32Array(21)] };
    const data = makeCase('matmul-forward', shape, 1, 1, { given });
    expect(data.inputs.x).toBe(given.x);
    expect(data.inputs.w).toEqual(makeCase('matmul-forward', shape, 1, 1).inputs.w);
    expect(Array.from(data.expected.y![0]!.values.slice(0, 5))).toEqual(Array.from(data.inputs.bias![0]!));
  });

  test('knows no unknown op', () => {
    expect(() => makeCase('convolution', shape, 1, 1)).toThrow('convolution has no check');
  });
});
