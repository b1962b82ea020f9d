// The candidates of a search in their order, each with how sure its accuracy is.
import type { OptimizerSpec } from '../optim/index.ts';
import type { Score } from '../train/evaluation.ts';
import { binomialInterval, type Interval, mean, meanMargin } from './statistics.ts';

/** What one seed of a candidate came to. */
export interface Trial {
  readonly seed: number;
  /** Null where the loss was not finite, in training or on the validation split. */
  readonly validationAccuracy: number | null;
  /** Mean cross-entropy, without smoothed labels. */
  readonly validationLoss: number | null;
  /** First training step whose loss was not finite; null where all were. */
  readonly divergedAtStep: number | null;
}

/**
 * What the replicas of a population came to.
 * @param validation their scores
 * @param diverged first step whose loss was not finite, by the replica's place
 */
export function trialsOf(
  replicas: readonly { readonly seed: number }[],
  validation: readonly Score[],
  diverged: ReadonlyMap<number, number>,
): Trial[] {
  return replicas.map(({ seed }, r) => {
    const divergedAtStep = diverged.get(r) ?? null;
    const { accuracy, loss } = validation[r]!;
    // Running statistics may overflow although the loss of every batch is finite; JSON has no NaN, it arrives as null.
    const isScored = divergedAtStep === null && Number.isFinite(loss);
    return {
      seed,
      validationAccuracy: isScored ? accuracy : null,
      validationLoss: isScored ? loss : null,
      divergedAtStep,
    };
  });
}

/** Settings that were tried. */
export interface Candidate {
  /** 1 for all but coarse-to-fine searches, whose rounds look closer and closer. */
  readonly round: number;
  /** Widths of a fully connected net; none where the net has a name. */
  readonly hidden: readonly number[];
  readonly net?: string;
  readonly optimizer: OptimizerSpec['kind'];
  readonly lambda: number;
  readonly lrMax: number;
  /** Keeps its ratio to `lrMax`. */
  readonly lrMin: number;
  /** Steps that it was trained for: fewer than others where halving left it behind. */
  readonly steps: number;
  readonly trials: readonly Trial[];
}

/** Where a candidate stands among all. */
export interface Standing {
  /** From 1. */
  readonly rank: number;
  /** Mean over the seeds; null where one diverged. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** 95 %, of the mean over the seeds, or with one seed the binomial one of the split. */
  readonly interval: Interval | null;
}

/** A candidate in the order of a search. */
export type Ranked<C extends Candidate = Candidate> = C & Standing;

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? mean(known) : null;
}

function score({ trials }: Candidate, validationImages: number): Omit<Standing, 'rank'> {
  const accuracy = meanOf(trials.map(({ validationAccuracy }) => validationAccuracy));
  const loss = meanOf(trials.map(({ validationLoss }) => validationLoss));
  if (accuracy === null) return { accuracy, loss, interval: null };
  if (trials.length === 1) return { accuracy, loss, interval: binomialInterval(accuracy, validationImages) };
  const margin = meanMargin(trials.map(({ validationAccuracy }) => validationAccuracy!));
  return { accuracy, loss, interval: [Math.max(0, accuracy - margin), Math.min(1, accuracy + margin)] };
}

/**
 * The best validation accuracy first. What was trained for longer stands before what halving left behind, what diverged comes
 * last; equal accuracies are in the order of their losses.
 */
export function rank<C extends Candidate>(candidates: readonly C[], validationImages: number): Ranked<C>[] {
  return candidates
    .map((candidate) => ({ ...candidate, ...score(candidate, validationImages) }))
    .toSorted((a, b) => {
      if (a.accuracy === null || b.accuracy === null)
        return Number(a.accuracy === null) - Number(b.accuracy === null);
      return b.steps - a.steps || b.accuracy - a.accuracy || a.loss! - b.loss!;
    })
    .map((candidate, i) => ({ ...candidate, rank: i + 1 }));
}
