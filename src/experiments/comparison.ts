// The table: each experiment with its interval, against the base experiment seed by seed, and in words.
import { overViewsWords } from '../data/test-views.ts';
import { adapterNotes, versionNotes } from './origin-notes.ts';
import { pairedDifference, type SeedValue } from './paired-difference.ts';
import { type Reported, reportedRange, roundingOf } from './reported.ts';
import { type ExperimentResult, type Results, testAccuracies, validationAccuracies } from './results.ts';
import {
  bootstrapInterval,
  confidence,
  holm,
  type Interval,
  mean,
  meanMargin,
  predictionInterval,
  seedsNeeded,
  signFlips,
  signFlipTest,
  standardDeviation,
} from './statistics.ts';

/** What the others are compared with. */
export const baseline = 'base';

/** The difference that `seedsToSee` counts seeds for: 0.5 points of accuracy. */
export const visibleDifference = 0.005;

/** A mean, and half the width of its 95 % interval: null for one seed. */
export interface Estimate {
  readonly mean: number;
  readonly margin: number | null;
}

/** Test accuracy minus that of the base experiment with the same seed. */
export interface Difference {
  readonly perSeed: readonly number[];
  readonly mean: number;
  /** The rest is null for one seed. */
  readonly standardDeviation: number | null;
  readonly margin: number | null;
  readonly bootstrap: Interval | null;
  /** Two-sided p-values; `pT` is null too where every seed has the same difference. */
  readonly pT: number | null;
  readonly pPermutation: number | null;
  /** `pT` corrected for the number of comparisons in the table. */
  readonly pHolm: number | null;
  /** Seeds with which a paired t test sees 0.005 with probability 0.8; null also for more than 10,000. */
  readonly seedsToSee: number | null;
}

export interface Row {
  readonly name: string;
  readonly what: string;
  readonly reported: Reported | null;
  readonly perSeed: readonly number[];
  /** Training steps. */
  readonly steps: number;
  readonly test: Estimate;
  readonly validation: Estimate | null;
  /** Null for the base experiment, and where that was not run, or on another adapter. */
  readonly difference: Difference | null;
  /** Where the report's single run would lie, by our runs; null for one seed. */
  readonly prediction: Interval | null;
  /** Against the base experiment, in words. */
  readonly verdict: string;
  /** Against the report's figure, in words. */
  readonly reportedVerdict: string;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** What the reader must know: number of comparisons, what is missing and why. */
  readonly notes: readonly string[];
}

const level = 1 - confidence;

const estimate = (values: readonly number[]): Estimate => ({
  mean: mean(values),
  margin: values.length < 2 ? null : meanMargin(values),
});

const valuesOf = ({ perSeed }: ExperimentResult): SeedValue[] =>
  perSeed.map(({ seed, testAccuracy }) => ({ seed, value: testAccuracy }));

function differenceTo(base: ExperimentResult, result: ExperimentResult): Omit<Difference, 'pHolm'> {
  const paired = pairedDifference(valuesOf(result), valuesOf(base));
  const { perSeed } = paired;
  if (perSeed.length < 2) {
    const none = { standardDeviation: null, bootstrap: null, pPermutation: null, seedsToSee: null };
    return { ...paired, ...none };
  }
  const spread = standardDeviation(perSeed);
  return {
    ...paired,
    standardDeviation: spread,
    bootstrap: bootstrapInterval(perSeed),
    pPermutation: signFlipTest(perSeed),
    seedsToSee: seedsNeeded(spread, visibleDifference),
  };
}

function verdictOf({ perSeed, mean: difference, pT, pHolm }: Difference): string {
  const seeds = perSeed.length;
  if (seeds < 2) return `${seeds} seed: no test is possible`;
  if (pT === null || pHolm === null) return 'not testable: the difference is the same with every seed';
  if (pHolm >= level) return `not distinguishable from ${baseline} with ${seeds} seeds`;
  return `${difference > 0 ? 'better' : 'worse'} than ${baseline} (${seeds} seeds)`;
}

function reportedVerdictOf(reported: Reported | null, prediction: Interval | null): string {
  if (reported === null) return 'not in the report';
  if (prediction === null) return '1 seed: no interval to compare with';
  const [low, high] = prediction;
  const range = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  const [lowest, highest] = reportedRange(reported);
  if (highest + roundingOf(highest) < low) return `below single runs here (95 % in ${range})`;
  if (lowest - roundingOf(lowest) > high) return `above single runs here (95 % in ${range})`;
  return `a plausible single run (95 % in ${range})`;
}

/** Another adapter rounds differently: a pair of a seed's results on two of them does not differ by the settings alone. */
const isComparable = (base: ExperimentResult | undefined, result: ExperimentResult): boolean =>
  base !== undefined && base.adapter.name === result.adapter.name;

/** Compares all results with the base experiment's, where one adapter computed both. Differences are tested together: their p-values are corrected by Holm. */
export function compare(results: Results): Comparison {
  const base = results.find(({ name }) => name === baseline);
  const raw = results.map((result) =>
    result === base || !isComparable(base, result) ? null : differenceTo(base!, result),
  );
  const corrected = holm(raw.map((difference) => difference?.pT ?? null));
  const rows = results.map((result, i): Row => {
    const { name, what, reported, steps } = result;
    const perSeed = testAccuracies(result);
    const validation = validationAccuracies(result);
    const difference = raw[i] == null ? null : { ...raw[i], pHolm: corrected[i] ?? null };
    const prediction = perSeed.length < 2 ? null : predictionInterval(perSeed);
    const alone =
      result === base
        ? 'what the others are compared with'
        : base === undefined
          ? `${baseline} was not run`
          : `not compared: ${baseline} was trained on another adapter`;
    return {
      name,
      what,
      reported,
      perSeed,
      steps,
      test: estimate(perSeed),
      validation: validation === null ? null : estimate(validation),
      difference,
      prediction,
      verdict: difference === null ? alone : verdictOf(difference),
      reportedVerdict: reportedVerdictOf(reported, prediction),
    };
  });
  const notes = notesOf(rows, corrected.filter((p) => p !== null).length);
  return { rows, notes: [...notes, ...warningsOf(results)] };
}

/** What makes the rows less comparable than they look. */
function warningsOf(results: Results): string[] {
  const warnings = adapterNotes(results).map(
    (note) => `${note} Experiments are compared within one adapter only.`,
  );
  warnings.push(...versionNotes(results));
  if (new Set(results.map(({ steps }) => steps)).size > 1) {
    warnings.push(
      'The experiments were trained for different numbers of steps: a difference is one between whole settings, not the effect of one change.',
    );
  }
  if (new Set(results.map(({ settings }) => settings.valSize)).size > 1) {
    warnings.push(
      'The experiments keep different numbers of images for validation: they train on others, and their validation accuracies are of others.',
    );
  }
  for (const result of results) warnings.push(...viewNotes(result));
  for (const { name, perSeed } of results) {
    for (const { seed, divergedAtStep } of perSeed) {
      if (divergedAtStep == null) continue;
      warnings.push(
        `${name}, seed ${seed}: the loss was not finite from step ${divergedAtStep} on; it counts with the accuracy that it has.`,
      );
    }
  }
  return warnings;
}

/** What a net is worth with logits averaged over views of each image, where it was scored so. */
function viewNotes({ name, settings: { testViews }, perSeed }: ExperimentResult): string[] {
  const accuracies = perSeed.flatMap(({ testAccuracyOverViews: accuracy }) => accuracy ?? []);
  if (testViews === undefined || accuracies.length === 0) return [];
  const { mean: average, margin } = estimate(accuracies);
  const spread = margin === null ? '' : ` ± ${margin.toFixed(4)}`;
  return [`${name}: test accuracy ${overViewsWords(testViews)} ${average.toFixed(4)}${spread}.`];
}

function notesOf(rows: readonly Row[], comparisons: number): string[] {
  const seeds = Math.min(...rows.map(({ perSeed }) => perSeed.length));
  if (seeds < 2) {
    return ['1 seed: no intervals and no tests, which need at least 2 seeds (--seeds 5)'];
  }
  const { ways, least } = signFlips(seeds);
  const notes = [
    `± and intervals: 95 %, Student's t over ${seeds} seeds. Differences are paired by seed.`,
    `p: two-sided paired t test. Holm: corrected for the ${comparisons} comparisons of this table; the verdicts use it.`,
    `p (permutation): signs of the differences flipped ${ways}; with ${seeds} seeds it cannot be under ${Number(least.toPrecision(3))}.`,
    'Seeds for 0.5 points: with so many a paired t test at 5 % sees a true difference of 0.005 with probability 0.8, given the spread found here.',
  ];
  if (!rows.some(({ name }) => name === baseline)) {
    notes.push(
      `No differences: they need the results of ${baseline} (run without --only, or name it there).`,
    );
  }
  return notes;
}
