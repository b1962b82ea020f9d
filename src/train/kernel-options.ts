// Which kernels a trainer takes, as users of the library say it: options to spread into those of `Trainer.make`.
import type { Gpu } from '../gpu/device.ts';
import { variantNames } from '../kernels/index.ts';
import { forcedName } from '../kernels/variant-choice.ts';
import { runChoices } from './run-choices.ts';
import { stepChoiceOf, tuneStep } from './step-choice.ts';
import type { TuneOptions } from './tuner.ts';

/** Variants by op, such as `{ 'matmul-dgrad': 'register-5x4' }`; `matmul` is for all its forms. docs/kernels.md has what there is. */
export type ForcedVariants = Readonly<Record<string, string>>;

export interface MeasuringOptions extends Pick<TuneOptions, 'budgetMs' | 'onProgress' | 'signal'> {
  /** These are taken, and not measured. */
  readonly forced?: ForcedVariants;
}

/** The options of a trainer that say which kernels compute its step. A checkpoint's come before them. */
export type KernelOptions = ReturnType<typeof runChoices>;

/**
 * Takes these variants where they can compute the shape, for training and for scores; the defaults elsewhere.
 * @throws RangeError for an op or a variant that there is not
 */
export function forcedKernels(forced: ForcedVariants): KernelOptions {
  checkForced(forced);
  return runChoices(forced, undefined);
}

/**
 * Measures the step's kernels before the first step, for at most `budgetMs` (8,000 unless given), and takes the fastest. Variants differ in the last bits: what
 * another start measures may be others.
 * @throws RangeError for a forced op or variant that there is not
 */
export function measuredKernels(gpu: Gpu, { forced = {}, ...options }: MeasuringOptions = {}): KernelOptions {
  checkForced(forced);
  const known = { key: '', ops: {} };
  const skip = (op: string) => forcedName(op, forced) !== undefined;
  return runChoices(forced, {
    known,
    async measure(choiceOf, steps) {
      const found = await tuneStep(gpu, steps, known, {
        budgetMs: 8000,
        ...options,
        choiceOf,
        skip,
      });
      return stepChoiceOf(found, steps, choiceOf);
    },
  });
}

function checkForced(forced: ForcedVariants): void {
  for (const [op, name] of Object.entries(forced)) {
    const names = variantNames(op);
    if (names.includes(name)) continue;
    const there = names.length === 0 ? 'there is no such op' : `there are ${names.join(', ')}`;
    throw new RangeError(`forced.${op}: no variant "${name}": ${there}`);
  }
}
