// Runs against a baseline, by the functions that `npm run experiments` uses.
import { pairedDifference, type SeedValue } from '../../../experiments/paired-difference.ts';
import { confidence, holm } from '../../../experiments/statistics.ts';
import { type RunRecord, testedSeeds } from '../../model/run-record.ts';

/** A run's test accuracies minus the baseline's, seed by seed. */
export interface RunDifference {
  readonly mean: number;
  readonly margin: number | null;
  readonly pHolm: number | null;
  /** In words: `better`, `worse`, `not distinguishable`, or why nothing can be said. */
  readonly verdict: string;
}

const level = 1 - confidence;

const testValues = (run: RunRecord): SeedValue[] =>
  testedSeeds(run).map(({ seed, testAccuracy }) => ({ seed, value: testAccuracy }));

/** By id, of every other run that was tested; p-values are corrected for the number of runs compared. */
export function compareRuns(
  runs: readonly RunRecord[],
  baseline: RunRecord | undefined,
): ReadonlyMap<string, RunDifference> {
  if (baseline === undefined) return new Map();
  const base = testValues(baseline);
  const others = runs.filter((run) => run.id !== baseline.id && testValues(run).length > 0);
  const paired = others.map((run) => pairedDifference(testValues(run), base));
  const corrected = holm(paired.map(({ pT }) => pT));
  return new Map(
    others.map((run, i) => {
      const { perSeed, mean, margin } = paired[i]!;
      const pHolm = corrected[i] ?? null;
      return [run.id, { mean, margin, pHolm, verdict: verdictOf(perSeed, mean, pHolm) }];
    }),
  );
}

function verdictOf(perSeed: readonly number[], difference: number, pHolm: number | null): string {
  if (perSeed.length === 0) return 'no seed in common';
  if (perSeed.length < 2) return perSeed[0] === 0 ? 'the same, with the same seed' : '1 seed: no test';
  if (perSeed.every((value) => value === 0)) return 'not distinguishable';
  if (pHolm === null) return 'the same with every seed: no test';
  if (pHolm >= level) return 'not distinguishable';
  return difference > 0 ? 'better' : 'worse';
}
