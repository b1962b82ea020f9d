import { describe, test } from 'vitest';
import { adam } from '../../src/kernels/optimizers.ts';
import { CaseBuilder } from '../../src/reference/checks/case.ts';
import { testEveryVariant } from './every-variant.ts';
import { checkSteps, countersAt } from './steps.ts';

testEveryVariant(adam);

describe('adam over several steps, each with its row of the tables', () => {
  const replicas = 3;
  const shape = {
    COUNT: 68,
    DECAYED: 20,
    REPLICAS: replicas,
    WEIGHT_DECAY: 0,
    SKIP: 0,
    B1: 0.9,
    B2: 0.999,
    EPS: 1e-8,
  };
  const zeros = () => Array.from({ length: replicas }, () => new Float32Array(shape.COUNT));
  for (const variant of adam.variants) {
    test(`adam/${variant.name}, 6 steps`, async () => {
      const random = new CaseBuilder(replicas, 7);
      await checkSteps(adam, variant, shape, replicas, 6, (step) => ({
        counters: countersAt(replicas, step),
        grads: Array.from({ length: replicas }, () => random.normals(shape.COUNT)),
        ...(step === 0 && { mu: zeros(), nu: zeros() }),
      }));
    });
  }
});
