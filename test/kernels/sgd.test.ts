import { describe, test } from 'vitest';
import { sgd } from '../../src/kernels/optimizers.ts';
import { CaseBuilder } from '../../src/reference/checks/case.ts';
import { testEveryVariant } from './every-variant.ts';
import { checkSteps, countersAt } from './steps.ts';

testEveryVariant(sgd);

describe('sgd over several steps, each with its row of the tables', () => {
  const replicas = 3;
  const shape = { COUNT: 68, DECAYED: 20, REPLICAS: replicas, WEIGHT_DECAY: 0, SKIP: 0 };
  for (const variant of sgd.variants) {
    test(`sgd/${variant.name}, 6 steps`, async () => {
      const random = new CaseBuilder(replicas, 7);
      await checkSteps(sgd, variant, shape, replicas, 6, (step) => ({
        counters: countersAt(replicas, step),
        grads: Array.from({ length: replicas }, () => random.normals(shape.COUNT)),
      }));
    });
  }
});
