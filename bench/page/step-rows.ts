// Rows of a train group: one trainer per plan, checked by its first losses, then its plan is replayed.
import type { Gpu } from '../../src/gpu/device.ts';
import { encode } from '../../src/kernels/call.ts';
import { kernels } from '../../src/kernels/index.ts';
import { defaultChoice, forcedChoice } from '../../src/kernels/variant-choice.ts';
import type { Plan } from '../../src/train/plan.ts';
import { Trainer } from '../../src/train/trainer.ts';
import type { Skipped, Work } from '../schema.ts';
import { settingsOf } from '../suites/nets.ts';
import { defaultRow, type StepGroup } from '../suites/train-suite.ts';
import type { BenchData } from './bench-data.ts';
import { type GpuWork, stampsOfPass } from './clock.ts';
import { comparedSteps, referenceLosses, validateLosses } from './reference-losses.ts';
import type { ReadyRow } from './timed-group.ts';

/** Replays a plan, one pass per step as in training. */
export function planWork(plan: Plan): GpuWork {
  return {
    encode(encoder, repeats, stamps) {
      for (let step = 0; step < repeats; step++) {
        const timestamps = stampsOfPass(stamps, step === 0, step === repeats - 1);
        const pass = encoder.beginComputePass({ label: plan.label, ...timestamps });
        for (const dispatch of plan.dispatches) encode(pass, dispatch);
        pass.end();
      }
    },
  };
}

/** Work of a dispatch, all replicas. */
export function workOf({ op, shape, workgroups }: Plan['dispatches'][number]): Work {
  const kernel = kernels.find((candidate) => candidate.op === op);
  if (kernel === undefined) return { flops: 0, bytes: 0 };
  const { flops, bytes } = kernel.cost(shape);
  return { flops: flops * workgroups[2], bytes: bytes * workgroups[2] };
}

export interface StepRows {
  readonly rows: readonly ReadyRow[];
  readonly skipped: readonly Skipped[];
  readonly plans: ReadonlyMap<string, Plan>;
  destroy(): Promise<void>;
}

/** Makes and checks a trainer per row; a plan equal to the default one is left out. */
export async function stepRows(gpu: Gpu, data: BenchData, group: StepGroup): Promise<StepRows> {
  const settings = settingsOf(group.net, group.replicas);
  const trainers: Trainer[] = [];
  const rows: ReadyRow[] = [];
  const skipped = [...group.skipped];
  const plans = new Map<string, Plan>();
  const seen = new Map<string, string>();
  let expected: readonly number[] | undefined;
  for (const row of group.rows) {
    const { name, forced, fuseGather } = row;
    const choose = forcedChoice(forced, defaultChoice);
    const trainer = await Trainer.make(gpu, data.dataset, settings, {
      choose,
      ...(fuseGather !== undefined && { fuseGather }),
    });
    trainers.push(trainer);
    const chosen = JSON.stringify(trainer.plan.variants);
    const same = seen.get(chosen);
    if (same !== undefined) {
      skipped.push({ name, reason: `every shape takes the same variant as in "${same}"` });
      continue;
    }
    seen.set(chosen, name);
    const replica = group.replicas - 1;
    expected ??= referenceLosses(data, settings, replica, (await trainer.weights())[replica]!);
    const losses = await firstLosses(trainer, replica);
    const works = trainer.plan.dispatches.map(workOf);
    plans.set(name, trainer.plan);
    rows.push({
      name,
      isDefault: row === defaultRow,
      validation: validateLosses(losses, expected, settings),
      work: {
        flops: works.reduce((total, { flops }) => total + flops, 0),
        bytes: works.reduce((total, { bytes }) => total + bytes, 0),
      },
      dispatches: works.length,
      timed: planWork(trainer.plan),
    });
  }
  const destroy = async () => {
    for (const trainer of trainers) await trainer.destroy();
  };
  return { rows, skipped, plans, destroy };
}

/** Trains the first steps; leaves the epoch's sample order on the GPU, which replaying the plan reads. */
async function firstLosses(trainer: Trainer, replica: number): Promise<number[]> {
  const losses: number[] = [];
  const enough = new AbortController();
  await trainer.train({
    signal: enough.signal,
    onReport: ({ loss }) => {
      losses.push(loss[replica]!);
      if (losses.length >= comparedSteps) enough.abort();
    },
  });
  return losses;
}
