// Where the time of a training step goes: each dispatch of its plan alone, by the GPU's clock.
import { clockFor } from '../../src/gpu/clock.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { dispatchWork } from '../../src/kernels/dispatch-work.ts';
import { kernels } from '../../src/kernels/index.ts';
import { median } from '../../src/measure/statistics.ts';
import type { Plan } from '../../src/train/plan.ts';

/** A dispatch, timed alone: what it costs inside of a step can be less (caches) or more (waiting). */
export interface DispatchTime {
  readonly label: string;
  readonly op: string;
  readonly variant: string;
  /** Median of a dispatch, us. */
  readonly us: number;
  /** Of the arithmetic and of the memory that the op needs at least, per replica and times replicas. */
  readonly gflops: number;
  readonly gbytes: number;
}

const rounds = 5;
const repeats = 8;

/** Times every dispatch of the plan. Buffers keep what the kernels make of them: profile when a run is over. */
export async function profile(gpu: Gpu, plan: Plan, replicas: number): Promise<DispatchTime[]> {
  const works = plan.dispatches.map(dispatchWork);
  const clock = clockFor(gpu, works, false);
  const samples: number[][] = works.map(() => []);
  try {
    for (let round = 0; round <= rounds; round++) {
      const timings = await clock.run(works.map((_, row) => ({ row, repeats })));
      if (round === 0) continue;
      for (const [row, { ns }] of timings.entries()) if (ns !== null) samples[row]!.push(ns / repeats);
    }
  } finally {
    clock.destroy();
  }
  return plan.dispatches.map(({ label, op, variant, shape }, row) => {
    const ns = median(samples[row]!);
    const kernel = kernels.find((candidate) => candidate.op === op)!;
    const { flops, bytes } = kernel.cost(shape);
    return {
      label,
      op,
      variant,
      us: ns / 1000,
      gflops: (replicas * flops) / ns,
      gbytes: (replicas * bytes) / ns,
    };
  });
}

/** A line for each dispatch, the costliest first, and their sum. */
export function describeProfile(times: readonly DispatchTime[]): string[] {
  const total = times.reduce((sum, { us }) => sum + us, 0);
  const lines = [...times]
    .sort((a, b) => b.us - a.us)
    .map(
      ({ label, op, variant, us, gflops, gbytes }) =>
        `  ${us.toFixed(1).padStart(9)} us ${((100 * us) / total).toFixed(0).padStart(3)} %  ${label.padEnd(28)} ${`${op}/${variant}`.padEnd(36)} ${gflops.toFixed(0).padStart(6)} GFLOP/s ${gbytes.toFixed(0).padStart(5)} GB/s`,
    );
  return [`  ${total.toFixed(1).padStart(9)} us in ${times.length} dispatches, each timed alone`, ...lines];
}
