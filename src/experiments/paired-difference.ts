import { differences, mean, meanMargin, pairedTTest } from './statistics.ts';

/** What a seed is worth. */
export interface SeedValue {
  readonly seed: number;
  readonly value: number;
}

/** Values minus those of a baseline, seed by seed; seeds that only one of them has are left out. */
export interface PairedDifference {
  readonly perSeed: readonly number[];
  /** NaN without a common seed. */
  readonly mean: number;
  /** Half the width of Student's 95 % interval; null for fewer than 2 seeds. */
  readonly margin: number | null;
  /** Two-sided p-value of the paired t test; null for fewer than 2 seeds, and where every seed has the same difference. */
  readonly pT: number | null;
}

export function pairedDifference(values: readonly SeedValue[], base: readonly SeedValue[]): PairedDifference {
  const ofBase = new Map(base.map(({ seed, value }) => [seed, value]));
  const shared = values.filter(({ seed }) => ofBase.has(seed));
  const perSeed = differences(
    shared.map(({ value }) => value),
    shared.map(({ seed }) => ofBase.get(seed)!),
  );
  const isTested = perSeed.length >= 2;
  return {
    perSeed,
    mean: perSeed.length === 0 ? Number.NaN : mean(perSeed),
    margin: isTested ? meanMargin(perSeed) : null,
    pT: isTested ? pairedTTest(perSeed) : null,
  };
}
