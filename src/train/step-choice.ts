// Whether all behind the first layer's product is computed in dispatches of its own or in one workgroup per replica: whole steps decide,
// since what a dispatch costs is what the next one waits.
import { fnv1a } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { Quantum } from '../gpu/repeats.ts';
import { type KernelCall, replicasOf } from '../kernels/call.ts';
import type { VariantChoice } from '../kernels/variant-choice.ts';
import { compilePlan } from './plan.ts';
import { stepClock, stepSampleNs } from './step-clock.ts';
import { type TuneOptions, type Tuning, tune, tunedChoice, tunedOpName } from './tuner.ts';
import { timeVariants } from './variant-timing.ts';

/** The calls of a step; `oneWorkgroup` where that is in the running. */
export interface StepCalls {
  readonly separate: readonly KernelCall[];
  readonly oneWorkgroup?: readonly KernelCall[] | undefined;
}

/** What was measured for a step. */
export interface StepChoice {
  readonly choose: VariantChoice;
  readonly oneWorkgroup: boolean;
}

/** `step 5f3a8c21 R=5`: what a measurement of a whole step is for, all its ops and shapes. */
export function stepName({ separate }: StepCalls): string {
  const ops = separate.map((call) => tunedOpName(call.kernel.op, call.shape, replicasOf(call)));
  const replicas = Math.max(...separate.map(replicasOf));
  return `step ${fnv1a(ops.join('\n')).toString(16)} R=${replicas}`;
}

/** Does this tuning say that one workgroup is faster? */
export const isOneWorkgroupFaster = (tuning: Tuning, steps: StepCalls): boolean =>
  steps.oneWorkgroup !== undefined && tuning.ops[stepName(steps)]?.variant === 'one-workgroup';

export interface StepTuneOptions extends TuneOptions {
  /** What a plan is made with, given what was measured: forced variants come first. */
  readonly choiceOf?: (tuning: Tuning) => VariantChoice;
}

/**
 * Measures the variants of every op of both kinds of step, then whole steps with the fastest of them; `known` is not measured again. The
 * calls' buffers are written to: tune before they hold anything.
 */
export async function tuneStep(
  gpu: Gpu,
  pipelines: PipelineCache,
  steps: StepCalls,
  known: Tuning,
  { choiceOf = tunedChoice, ...options }: StepTuneOptions = {},
): Promise<Tuning> {
  const { separate, oneWorkgroup } = steps;
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const found = await tune(gpu, pipelines, [...separate, ...(oneWorkgroup ?? [])], known, options);
  const name = stepName(steps);
  if (oneWorkgroup === undefined || name in found.ops || options.signal?.aborted) return found;
  const tools = { label: 'step', gpu, pipelines, choose: choiceOf(found) };
  const plans = await Promise.all([separate, oneWorkgroup].map((calls) => compilePlan(tools, calls)));
  const step = await timeVariants({
    clock: stepClock(gpu, plans),
    quantum: new Quantum(),
    variants: ['separate', 'one-workgroup'],
    sampleNs: stepSampleNs,
    isOver: () => performance.now() > deadline,
  });
  return step === undefined ? found : { ...found, ops: { ...found.ops, [name]: step } };
}
