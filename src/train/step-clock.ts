// The clock for whole steps: as training submits them, so that what the CPU needs to record a dispatch counts where the GPU waits for it.
import { type Clock, type OwnWork, wallClock } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import { Pacer } from './pacer.ts';
import type { Plan } from './plan.ts';

/** What a submit should last, ms: short, so that a sample has several of them, and the next is recorded while one runs. */
const submitMs = 4;

/**
 * Least length of a sample, ns. That all is done is known up to a millisecond late (Node looks for Dawn's events once a millisecond): alike for
 * all plans, and a few percent of this.
 */
export const stepSampleNs = 40e6;

/** The plans' steps, submitted as training submits them. */
export function stepsAsTrained(gpu: Gpu): (plan: Plan) => OwnWork {
  const pacer = new Pacer(gpu, { budgetMs: submitMs });
  return (plan) => ({
    async run(repeats) {
      for (let left = repeats; left > 0; ) left -= await pacer.submit(plan, left);
      await pacer.drain();
    },
  });
}

/** Row i replays plan i; the wall clock, from the first command that is recorded until all is done. */
export const stepClock = (gpu: Gpu, plans: readonly Plan[]): Clock =>
  wallClock(gpu, plans.map(stepsAsTrained(gpu)));
