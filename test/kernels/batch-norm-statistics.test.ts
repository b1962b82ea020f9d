import { describe, expect, test } from 'vitest';
import { batchNormStatistics } from '../../src/kernels/batch-norm.ts';
import { mergeStatistics } from '../../src/reference/batch-norm.ts';
import { CaseBuilder } from '../../src/reference/checks/case.ts';
import { testEveryVariant } from './every-variant.ts';
import { checkSteps, countersAt } from './steps.ts';

testEveryVariant(batchNormStatistics, { seeds: [1, 2] });

describe('batch-norm-statistics over 4 chunks, the last of them partial', () => {
  const [M, N, TOTAL] = [10, 4, 33];
  const shape = { M, N, TOTAL, RELU_BEFORE: 0, VARIANCE_FACTOR: TOTAL / (TOTAL - 1) } as const;
  for (const variant of batchNormStatistics.variants) {
    test(`batch-norm-statistics/${variant.name}: those of all rows at once`, async () => {
      const random = new CaseBuilder(1, 5);
      const x = random.normals(4 * M * N, 50, 2);
      const left = await checkSteps(batchNormStatistics, variant, shape, 1, 4, (step) => ({
        counters: countersAt(1, step),
        x: [x.slice(step * M * N, (step + 1) * M * N)],
        // Never read: what the layer had before.
        ...(step === 0 && { running: [new Float32Array(2 * N).fill(Number.NaN)] }),
      }));
      const none = { mean: [], variance: [] };
      const { mean, variance } = mergeStatistics(none, 0, x.subarray(0, TOTAL * N), { B: TOTAL, N });
      const found = Array.from(left.at(-1)!.running![0]!);
      for (let n = 0; n < N; n++) {
        // Sums of 33 numbers of about 50: 8 sqrt(33) 2^-24 of 50, and of the variance's terms (about 2 x 100).
        expect(Math.abs(found[n]! - mean[n]!)).toBeLessThan(8 * Math.sqrt(33) * 2 ** -24 * 50);
        const expected = (variance[n]! * TOTAL) / (TOTAL - 1);
        expect(Math.abs(found[N + n]! - expected)).toBeLessThan(8 * Math.sqrt(33) * 2 ** -24 * 200);
      }
    });
  }
});
