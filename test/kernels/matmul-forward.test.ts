import { expect, test } from 'vitest';
import { refusal } from '../../src/kernels/kernel.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { shuffleVariant } from '../../src/kernels/matmul-shuffle.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { checkVariant, describeCheck } from '../../src/reference/check.ts';
import { testEveryVariant } from './every-variant.ts';
import { gpu } from './test-gpu.ts';

testEveryVariant(matmulForward);
// Blocks of other sizes, of more workgroups, whose texts are short.
testEveryVariant({
  ...matmulForward,
  variants: [stationaryVariant('matmul-forward', { terms: 16, columns: 16, rows: 32 })],
});
testEveryVariant({
  ...matmulForward,
  variants: [shuffleVariant('matmul-forward', { terms: 16, columns: 32, rows: 16 })],
});

const shape = { M: 7, N: 12, K: 20 };
for (const variant of matmulForward.variants) {
  test(`matmul-forward/${variant.name} M=7 N=12 K=20 R=3 seed=1, x shared`, async ({ skip }) => {
    const reason = refusal(variant, shape, gpu.capabilities);
    skip(reason !== undefined, reason);
    const options = { shared: ['x'] };
    const result = await checkVariant(gpu, matmulForward, variant, shape, 3, 1, options);
    expect(result.ok, describeCheck(result)).toBe(true);
  });
}
