// What a step is made of where kernels were measured, decided on whole steps: a kernel that is fastest by itself need not make the step
// faster, where the CPU that records dispatches is what the step waits for; and all behind the first layer's product may be computed in one
// workgroup per replica, since what a dispatch costs is what the next one waits.
import { fnv1a } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
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
  steps: StepCalls,
  known: Tuning,
  { choiceOf = tunedChoice, ...options }: StepTuneOptions = {},
): Promise<Tuning> {
  const { separate, oneWorkgroup } = steps;
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const found = await tune(gpu, [...separate, ...(oneWorkgroup ?? [])], known, options);
  const name = stepName(steps);
  if (name in found.ops || options.signal?.aborted) return found;
  const planOf = async (calls: readonly KernelCall[], tuning: Tuning): Promise<Plan | undefined> => {
    const tools = { label: 'step', gpu, choose: choiceOf(tuning) };
    // What a driver does not compile is no choice.
    const [outcome] = await Promise.allSettled([compilePlan(tools, calls)]);
    gpu.check();
    return outcome.status === 'fulfilled' ? outcome.value : undefined;
  };
  const usual = await planOf(separate, { ...found, ops: {} });
  const tuned = await planOf(separate, found);
  const short = oneWorkgroup && (await planOf(oneWorkgroup, found));
  const plans = new Map<StepKind, Plan>();
  if (usual !== undefined) plans.set('default', usual);
  if (tuned !== undefined && !(usual && haveSameKernels(tuned, usual))) plans.set('tuned', tuned);
  if (short !== undefined) plans.set('one-workgroup', short);
  // A default alone is told where it stands in for measured variants.
  if (plans.size === 0 || (plans.size === 1 && tuned !== undefined)) return found;
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
