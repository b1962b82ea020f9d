// A step, dispatch by dispatch: each in a pass of its own, between two timestamps.

import { stampsOfPass } from '../gpu/clock.ts';
import type { Gpu } from '../gpu/device.ts';
import { StampReader } from '../gpu/timestamps.ts';
import { encode } from '../kernels/call.ts';
import { kernels } from '../kernels/index.ts';
import { shapeText } from '../kernels/kernel.ts';
import type { Plan } from '../train/plan.ts';
import type { StepProfile, Work } from './schema.ts';

/** Fewest steps, however long they take: a median wants a few. */
const leastSteps = 5;
/** Steps that are run before those that count. */
const warmupSteps = 2;
/** WebGPU's most queries in a set. */
const mostQueries = 4096;

/** Profiles up to `steps` steps, fewer where they take longer than `budgetMs`; undefined without timestamps. */
export async function profilePlan(
  gpu: Gpu,
  plan: Plan,
  group: string,
  row: string,
  { steps, budgetMs }: { readonly steps: number; readonly budgetMs: number },
): Promise<StepProfile | undefined> {
  const { dispatches, label } = plan;
  const count = 2 * dispatches.length;
  if (!gpu.timestamps || count > mostQueries) return undefined;
  const reader = new StampReader(gpu, count);
  const profiled = dispatches.map((dispatch) => ({
    label: dispatch.label,
    op: dispatch.op,
    variant: dispatch.variant,
    shape: shapeText(dispatch.shape),
    work: workOf(dispatch),
    startNs: [] as number[],
    durationNs: [] as number[],
  }));
  try {
    const startedAt = performance.now();
    for (let step = -warmupSteps; step < steps; step++) {
      const encoder = gpu.device.createCommandEncoder({ label: `${label} profile` });
      for (const [index, dispatch] of dispatches.entries()) {
        const stamps = { querySet: reader.querySet, begin: 2 * index, end: 2 * index + 1 };
        const pass = encoder.beginComputePass({ label: dispatch.label, ...stampsOfPass(stamps, true, true) });
        encode(pass, dispatch);
        pass.end();
      }
      reader.encodeResolve(encoder, count);
      gpu.device.queue.submit([encoder.finish()]);
      const stamps = await reader.read(count);
      const isLate = performance.now() - startedAt > budgetMs;
      if (step >= 0) {
        for (const [index, dispatch] of profiled.entries()) {
          dispatch.startNs.push(stamps[2 * index]! - stamps[0]!);
          dispatch.durationNs.push(Math.max(0, stamps[2 * index + 1]! - stamps[2 * index]!));
        }
        if (isLate && step + 1 >= leastSteps) break;
      }
    }
  } finally {
    reader.destroy();
  }
  return { group, row, dispatches: profiled };
}

/** Work of a dispatch, all replicas. */
export function workOf({ op, shape, replicas }: Plan['dispatches'][number]): Work {
  const kernel = kernels.find((candidate) => candidate.op === op);
  if (kernel === undefined) return { flops: 0, bytes: 0 };
  const { flops, bytes } = kernel.cost(shape);
  return { flops: flops * replicas, bytes: bytes * replicas };
}
