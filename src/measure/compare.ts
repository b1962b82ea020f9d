/**
 * Which row of a group is faster. A claim needs the interval of the median of the round-by-round ratios to exclude 1, at a level
 * that is shared between all comparisons of the run (Bonferroni): a run in which nothing differs claims a difference
 * in at most 5 % of cases. Round by round, because what slows one row down in a round (another process, a falling clock)
 * slows its neighbours down too.
 */
import type { Group, Row } from './schema.ts';
import { type Estimate, median, medianEstimate, medianInterval, ratios } from './statistics.ts';

/** Probability of any false claim in a run. */
export const falseClaims = 0.05;

export type Verdict = 'faster' | 'slower' | 'no difference';

/** `row` against `against`: the ratio of their times, below 1 where `row` is faster. */
export interface Comparison {
  readonly row: string;
  readonly against: string;
  readonly rounds: number;
  /** Median of the ratios with its 95 % interval. */
  readonly ratio: Estimate;
  /** From the interval at the level of the whole run. */
  readonly verdict: Verdict;
}

/** A row's samples behind the warm-up, without those it sat out or that have no usable timestamps. */
export const usable = (group: Group, row: Row): number[] =>
  row.samplesNs.slice(group.warmupRounds).filter((value) => value !== null);

export const verdictOf = (low: number, high: number): Verdict =>
  high < 1 ? 'faster' : low > 1 ? 'slower' : 'no difference';

/** Pairs of rows in all groups: what the level is shared between. */
export function comparisonCount(groups: readonly Group[]): number {
  return groups.reduce((total, { rows }) => total + (rows.length * (rows.length - 1)) / 2, 0);
}

/** `row` against `against`, of `comparisons` in the whole run. */
export function compareRows(group: Group, row: Row, against: Row, comparisons: number): Comparison {
  const rest = (one: Row) => one.samplesNs.slice(group.warmupRounds);
  const all = ratios(rest(row), rest(against));
  const { low, high } = medianInterval(all, 1 - falseClaims / Math.max(comparisons, 1));
  return {
    row: row.name,
    against: against.name,
    rounds: all.length,
    ratio: medianEstimate(all, 0.95),
    verdict: verdictOf(low, high),
  };
}

/** What is known about the order of a group's rows. */
export interface Ranking {
  /** The row with the smallest median; the others are compared with it. */
  readonly best: Row;
  /** By median, the fastest first. `tied`: not shown to be slower than the best one. */
  readonly rows: readonly {
    readonly row: Row;
    readonly comparison: Comparison | undefined;
    readonly tied: boolean;
  }[];
}

/** Ranks the rows that have samples; undefined where there are none. */
export function rank(group: Group, comparisons: number): Ranking | undefined {
  const timed = group.rows
    .map((row) => ({ row, ns: median(usable(group, row)) }))
    .filter(({ ns }) => !Number.isNaN(ns))
    .sort((a, b) => a.ns - b.ns);
  const best = timed[0]?.row;
  if (best === undefined) return undefined;
  const rows = timed.map(({ row }) => {
    const comparison = row === best ? undefined : compareRows(group, row, best, comparisons);
    return { row, comparison, tied: comparison === undefined || comparison.verdict !== 'slower' };
  });
  return { best, rows };
}
