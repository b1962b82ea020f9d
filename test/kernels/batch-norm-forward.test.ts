import { describe, expect, test } from 'vitest';
import { batchNormForward } from '../../src/kernels/batch-norm.ts';
import { CaseBuilder } from '../../src/reference/checks/case.ts';
import { testEveryVariant } from './every-variant.ts';
import { checkSteps, countersAt } from './steps.ts';

testEveryVariant(batchNormForward, { seeds: [1, 2] });

describe('batch-norm-forward: running statistics over 3 steps', () => {
  const common = { M: 10, N: 4, RELU_BEFORE: 0, RELU_AFTER: 1, EPS: 1e-5, STATS_MOMENTUM: 0.1 } as const;
  const shapes = [
    { ...common, VARIANCE_FACTOR: 1, FIRST_BATCH_SETS: 1 },
    { ...common, VARIANCE_FACTOR: 10 / 9, FIRST_BATCH_SETS: 0 },
  ] as const;
  for (const variant of batchNormForward.variants) {
    for (const shape of shapes) {
      const first = shape.FIRST_BATCH_SETS === 1 ? 'sets them' : 'is averaged with 0 and 1';
      test(`batch-norm-forward/${variant.name}: the first batch ${first}`, async () => {
        const random = new CaseBuilder(1, 3);
        const left = await checkSteps(batchNormForward, variant, shape, 1, 3, (step) => ({
          counters: countersAt(1, step),
          x: [random.normals(shape.M * shape.N, 5, 2)],
          ...(step === 0 && { running: [Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1)] }),
        }));
        // A mean of about 5 at once, or a tenth of it.
        const mean = (left[0]!.running![0]![0]! + left[0]!.running![0]![3]!) / 2;
        expect(mean).toBeGreaterThan(shape.FIRST_BATCH_SETS === 1 ? 3 : 0.3);
        expect(mean).toBeLessThan(shape.FIRST_BATCH_SETS === 1 ? 7 : 0.7);
      });
    }
  }
});
