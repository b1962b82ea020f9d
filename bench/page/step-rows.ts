// Rows of a train group: one trainer per plan, checked by its first losses, then its plan is replayed.

import type { Gpu } from '../../src/gpu/device.ts';
import { defaultChoice, forcedChoice } from '../../src/kernels/variant-choice.ts';
import type { Skipped, Work } from '../../src/measure/schema.ts';
import { workOf } from '../../src/measure/step-profile.ts';
import type { ReadyRow } from '../../src/measure/timed-group.ts';
import { type Plan, planWork } from '../../src/train/plan.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { stepChoiceOf, tuneStep } from '../../src/train/step-choice.ts';
import { stepsAsTrained } from '../../src/train/step-clock.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { settingsOf } from '../suites/nets.ts';
import { defaultRow, type StepGroup, type StepRow } from '../suites/train-suite.ts';
import type { BenchData } from './bench-data.ts';
import { comparedSteps, referenceLosses, validateLosses } from './reference-losses.ts';

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
  const replica = group.replicas - 1;
  // A GPU often waits for the CPU that records its dispatches: there a step takes what the wall clock says, submitted as in training.
  const timedWork = gpu.capabilities.software ? planWork : stepsAsTrained(gpu);
  for (const row of group.rows) {
    const about = { name: row.name, isDefault: row === defaultRow };
    try {
      const trainer = await makeTrainer(gpu, data, settings, row);
      trainers.push(trainer);
      const { plan } = trainer;
      const chosen = JSON.stringify(plan.variants);
      const same = seen.get(chosen);
      if (same !== undefined) {
        skipped.push({ name: row.name, reason: `every shape takes the same variant as in "${same}"` });
        continue;
      }
      seen.set(chosen, row.name);
      expected ??= referenceLosses(data, settings, replica, (await trainer.weights())[replica]!);
      const validation = validateLosses(await firstLosses(trainer, replica), expected, settings);
      plans.set(row.name, plan);
      const { length } = plan.dispatches;
      rows.push({ ...about, validation, work: workOfPlan(plan), dispatches: length, timed: timedWork(plan) });
    } catch (error) {
      gpu.check(); // A lost device ends the run; what else goes wrong is this row's.
      const how = error instanceof Error ? error.message : String(error);
      const none = { work: { flops: 0, bytes: 0 }, dispatches: 0, timed: { encode() {} } };
      rows.push({ ...about, ...none, validation: { ok: false, how } });
    }
  }
  const destroy = async () => {
    for (const trainer of trainers) await trainer.destroy();
  };
  return { rows, skipped, plans, destroy };
}

function makeTrainer(
  gpu: Gpu,
  { dataset }: BenchData,
  settings: TrainSettings,
  { forced, fuseGather, oneWorkgroup, tuned }: StepRow,
): Promise<Trainer> {
  return Trainer.make(gpu, dataset, settings, {
    choose: forcedChoice(forced, defaultChoice),
    fuseGather,
    oneWorkgroup,
    ...(tuned && { measure: tuneFor(gpu) }),
  });
}

/** Work of a step. */
function workOfPlan({ dispatches }: Plan): Work {
  const works = dispatches.map(workOf);
  return {
    flops: works.reduce((total, { flops }) => total + flops, 0),
    bytes: works.reduce((total, { bytes }) => total + bytes, 0),
  };
}

/** Measures a plan's ops from nothing, whatever earlier runs know. */
function tuneFor(gpu: Gpu): NonNullable<TrainerOptions['measure']> {
  return async (steps) => {
    const found = await tuneStep(gpu, steps, { key: '', ops: {} });
    return stepChoiceOf(found, steps);
  };
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
