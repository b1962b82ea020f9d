import { describe, expect, test } from 'vitest';
import { stepEnd } from '../../src/kernels/step-end.ts';
import { notFinite } from '../../src/reference/checks/step-end.ts';
import { testEveryVariant } from './every-variant.ts';
import { checkSteps } from './steps.ts';

testEveryVariant(stepEnd, { seeds: [1, 2, 3] });

const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

describe('step-end over 7 steps with a history of 3', () => {
  const shape = { M: 20, HISTORY: 3 };
  for (const variant of stepEnd.variants) {
    for (const bits of notFinite) {
      test(`step-end/${variant.name}: 0x${bits.toString(16)} in steps 2 and 4`, async () => {
        const left = await checkSteps(stepEnd, variant, shape, 1, 7, (step) => {
          const rowLoss = new Uint32Array(shape.M).fill(bitsOf(step + 1));
          if (step === 2 || step === 4) rowLoss[19 - step] = bits;
          const rowHit = new Uint32Array(shape.M).fill(1, 0, step);
          return {
            rowLoss: [rowLoss],
            rowHit: [rowHit],
            ...(step === 0 && { counters: [new Uint32Array(4)] }),
          };
        });
        // 1 + the first step that was not finite; the second one does not replace it.
        const counters = left.map((outputs) => Array.from(outputs.counters![0]!));
        expect(counters.map((words) => words[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(counters.map((words) => words[1])).toEqual([0, 0, 3, 3, 3, 3, 3]);
        // Slots of steps 6, 4 (its loss is not finite) and 5.
        const history = left[6]!.history![0]!;
        expect([history[0], history[1]]).toEqual([140, 6]);
        expect(history[3]).toBe(4);
        expect([history[4], history[5]]).toEqual([120, 5]);
      });
    }
  }
});
