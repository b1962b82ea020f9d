// What a step is made of where kernels were measured, decided on whole steps: a kernel that is fastest by itself need not make the step
// faster, where the CPU that records dispatches is what the step waits for; and all behind the first layer's product may be computed in one
// workgroup per replica, since what a dispatch costs is what the next one waits.
import { fnv1a } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { Quantum } from '../gpu/repeats.ts';
import { type KernelCall, replicasOf } from '../kernels/call.ts';
import type { VariantChoice } from '../kernels/variant-choice.ts';
import { compilePlan, type Plan } from './plan.ts';
import { stepClock, stepSampleNs } from './step-clock.ts';
import { type TuneOptions, type Tuning, tune, tunedChoice, tunedOpName } from './tuner.ts';
import { timeVariants } from './variant-timing.ts';

/** The calls of a step; `oneWorkgroup` where that is in the running. */
export interface StepCalls {
  readonly separate: readonly KernelCall[];
  readonly oneWorkgroup?: readonly KernelCall[] | undefined;
  /** Variants that the user forced: what is faster with them says nothing of a step without. */
  readonly forced?: Readonly<Record<string, string>>;
}

/** What was measured for a step. */
export interface StepChoice {
  readonly choose: VariantChoice;
  readonly oneWorkgroup: boolean;
}

/** `step 5f3a8c21 R=5`: what a measurement of a whole step is for, all its ops and shapes, and forced variants. */
export function stepName({ separate, forced = {} }: StepCalls): string {
  const ops = separate.map((call) => tunedOpName(call.kernel.op, call.shape, replicasOf(call)));
  ops.push(...Object.entries(forced).map(([op, variant]) => `${op}=${variant}`));
  const replicas = Math.max(...separate.map(replicasOf));
  return `step ${fnv1a(ops.join('\n')).toString(16)} R=${replicas}`;
}

/** Kinds of step, as a measurement names them: with the default variants, with those that measured fastest, with these and the tail in one workgroup. */
type StepKind = 'default' | 'tuned' | 'one-workgroup';

/** What a tuning says of a step: nothing of it measured as a whole, its measured variants are used. */
export function stepChoiceOf(
  tuning: Tuning,
  steps: StepCalls,
  choiceOf: (tuning: Tuning) => VariantChoice = tunedChoice,
): StepChoice {
  const kind = tuning.ops[stepName(steps)]?.variant as StepKind | undefined;
  return {
    choose: choiceOf(kind === 'default' ? { ...tuning, ops: {} } : tuning),
    oneWorkgroup: steps.oneWorkgroup !== undefined && kind === 'one-workgroup',
  };
}

export interface StepTuneOptions extends TuneOptions {
  /** What a plan is made with, given what was measured: forced variants come first. */
  readonly choiceOf?: (tuning: Tuning) => VariantChoice;
}

/**
 * Measures the variants of every op, then whole steps: with the defaults, with the fastest variants, and in one workgroup where that is in
 * the running; `known` is not measured again. The calls' buffers are written to: tune before they hold anything.
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
  if (name in found.ops || options.signal?.aborted) return found;
  const planOf = (calls: readonly KernelCall[], tuning: Tuning) =>
    compilePlan({ label: 'step', gpu, pipelines, choose: choiceOf(tuning) }, calls);
  const plans = new Map<StepKind, Plan>();
  plans.set('default', await planOf(separate, { ...found, ops: {} }));
  const tuned = await planOf(separate, found);
  if (!haveSameKernels(tuned, plans.get('default')!)) plans.set('tuned', tuned);
  if (oneWorkgroup !== undefined) plans.set('one-workgroup', await planOf(oneWorkgroup, found));
  if (plans.size === 1) return found;
  const step = await timeVariants({
    clock: stepClock(gpu, [...plans.values()]),
    quantum: new Quantum(),
    variants: [...plans.keys()],
    sampleNs: stepSampleNs,
    isOver: () => performance.now() > deadline,
  });
  return step === undefined ? found : { ...found, ops: { ...found.ops, [name]: step } };
}

const haveSameKernels = (a: Plan, b: Plan): boolean =>
  JSON.stringify(a.variants) === JSON.stringify(b.variants);
