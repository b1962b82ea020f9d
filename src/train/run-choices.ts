import { defaultChoice, forcedChoice, forcedPlan, type VariantChoice } from '../kernels/variant-choice.ts';
import type { StepCalls, StepChoice } from './step-choice.ts';
import type { TrainerOptions } from './trainer.ts';
import { type Tuning, tunedChoice } from './tuner.ts';

/** What a run knows of its kernels' speed. */
export interface RunTuning {
  readonly known: Tuning;
  /** What to use instead, given how a tuning becomes a choice. */
  readonly measure: (choiceOf: (tuning: Tuning) => VariantChoice, steps: StepCalls) => Promise<StepChoice>;
}

/** Which variants a run uses: the forced, the measured, the defaults, in this order. The trainer puts those of a checkpoint before them. */
export function runChoices(
  forced: Readonly<Record<string, string>>,
  tuning: RunTuning | undefined,
): Pick<TrainerOptions, 'choose' | 'forced' | 'measure' | 'fuseGather' | 'oneWorkgroup'> {
  const choiceOf = (found: Tuning) => forcedChoice(forced, tunedChoice(found));
  return {
    choose: tuning === undefined ? forcedChoice(forced, defaultChoice) : choiceOf(tuning.known),
    forced,
    ...forcedPlan(forced),
    ...(tuning !== undefined && { measure: (steps) => tuning.measure(choiceOf, steps) }),
  };
}
