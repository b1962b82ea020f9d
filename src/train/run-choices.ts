import {
  defaultChoice,
  forcedChoice,
  forcedPlan,
  recordedChoice,
  type VariantChoice,
} from '../kernels/variant-choice.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { MeasureStep } from './prepared-step.ts';
import type { StepChoice } from './step-choice.ts';
import type { TrainerOptions } from './trainer.ts';
import { type Tuning, tunedChoice } from './tuner.ts';

/** What a run knows of its kernels' speed. */
export interface RunTuning {
  readonly known: Tuning;
  /** What to use instead, given how a tuning becomes a choice. */
  readonly measure: (
    choiceOf: (tuning: Tuning) => VariantChoice,
    ...given: Parameters<MeasureStep>
  ) => Promise<StepChoice>;
}

/** Which variants a run uses: those of its checkpoint, the forced, the measured, the defaults, in this order. */
export function runChoices(
  forced: Readonly<Record<string, string>>,
  checkpoint: Checkpoint | undefined,
  tuning: RunTuning | undefined,
): Pick<TrainerOptions, 'choose' | 'forced' | 'measure' | 'fuseGather' | 'oneWorkgroup'> {
  const choiceOf = (found: Tuning) => forcedChoice(forced, tunedChoice(found));
  const choice = tuning === undefined ? forcedChoice(forced, defaultChoice) : choiceOf(tuning.known);
  return {
    choose: checkpoint === undefined ? choice : recordedChoice(checkpoint.variants, choice),
    forced,
    ...forcedPlan(forced),
    ...(tuning !== undefined && { measure: (...given) => tuning.measure(choiceOf, ...given) }),
  };
}
