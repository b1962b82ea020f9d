/** What GPUs compute in workgroups of 64 invocations has the bits of the same in workgroups of 16. */
import { expect, test } from 'vitest';
import { kernels } from '../../src/kernels/index.ts';
import { refusal } from '../../src/kernels/kernel.ts';
import { preferredVariant, variantNamed } from '../../src/kernels/variant-choice.ts';
import { checkVariant } from '../../src/reference/check.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';
import { gpu } from './test-gpu.ts';

const wide = kernels.filter(({ variants }) => variants.some(({ name }) => name === 'naive-64'));

test('there are some, which no adapter that computes on the CPU prefers', () => {
  expect(wide.length).toBeGreaterThan(5);
  for (const kernel of wide) {
    for (const kind of ['swiftshader', 'cpu'] as const) {
      const capabilities = { ...gpu.capabilities, kind };
      expect(preferredVariant(kernel, defaultShapes(kernel.op)[0]!, capabilities), kernel.op).toBeUndefined();
    }
  }
});

test.each(wide.map((kernel) => [kernel.op, kernel] as const))('%s', async (op, kernel) => {
  const [narrow, other] = ['naive', 'naive-64'].map((name) => variantNamed(kernel, name));
  const shapes = defaultShapes(op, 2).filter(
    (shape) => refusal(narrow!, shape, gpu.capabilities) === undefined,
  );
  expect(shapes.length).toBeGreaterThan(2);
  for (const shape of shapes.slice(-3)) {
    expect(narrow!.grid(shape)[0]).toBeGreaterThanOrEqual(other!.grid(shape)[0]);
    const bits = async (variant: typeof narrow) => {
      const { outputs } = await checkVariant(gpu, kernel, variant!, shape, 2, 1);
      return outputs.map(({ actual }) => new Uint8Array(actual.buffer, actual.byteOffset, actual.byteLength));
    };
    expect(await bits(other)).toEqual(await bits(narrow));
  }
});
