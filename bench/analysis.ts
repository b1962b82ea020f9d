/** Everything that the reports say, computed from the raw samples. */

import { type Comparison, comparisonCount, rank, usable } from '../src/measure/compare.ts';
import { type Rate, type Roofline, rateOf, rooflineOf } from '../src/measure/roofline.ts';
import type { BenchFile, Group, Row, Skipped, StepProfile } from '../src/measure/schema.ts';
import { type Estimate, median, medianEstimate, quantile, sorted } from '../src/measure/statistics.ts';
import { warningsOf } from '../src/measure/warnings.ts';
import { type BaselineComparison, compareWithBaseline } from './baseline.ts';
import { checkGoals, checkPeakGoals, type GoalResult } from './goals.ts';
import { openingGroup, overlayGroup } from './suites/page-suite.ts';

export interface AnalysedRow {
  readonly row: Row;
  /** Time of one repetition, ns: median with its 95 % interval. */
  readonly time: Estimate;
  /** Where the middle 80 % of the samples lie. */
  readonly low: number;
  readonly high: number;
  /** Median of the wall clock's times, where it was read too. */
  readonly wallNs: number | undefined;
  readonly rate: Rate;
  /** Against the row with the smallest median; undefined for that row. */
  readonly comparison: Comparison | undefined;
  /** Not shown to be slower than the row with the smallest median. */
  readonly tied: boolean;
}

export interface AnalysedGroup {
  readonly group: Group;
  /** Rounds behind the warm-up. */
  readonly rounds: number;
  /** The fastest first. */
  readonly rows: readonly AnalysedRow[];
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly string[];
}

export interface Analysis {
  readonly file: BenchFile;
  readonly roofline: Roofline | undefined;
  /** Comparisons that the probability of a false claim is shared between. */
  readonly comparisons: number;
  readonly groups: readonly AnalysedGroup[];
  /** Rows that the reference rejects, or that failed. */
  readonly wrong: readonly { readonly group: Group; readonly row: Row }[];
  /** Groups in which the engine's own choice is shown to be slower than another variant. */
  readonly betterChoices: readonly { readonly group: AnalysedGroup; readonly chosen: AnalysedRow }[];
  readonly goals: readonly GoalResult[];
  readonly profiles: readonly StepProfile[];
  readonly baseline: BaselineComparison | undefined;
}

export function analyse(file: BenchFile, baseline?: BenchFile, threshold = 0.05): Analysis {
  const roofline = rooflineOf(file.groups);
  const comparisons = comparisonCount(file.groups.filter(isComparison));
  const groups = file.groups.map((group) => analyseGroup(group, comparisons, roofline));
  const betterChoices = groups.flatMap((group) => {
    const chosen = group.rows.find(({ row }) => row.isDefault);
    return chosen === undefined || chosen.tied ? [] : [{ group, chosen }];
  });
  return {
    file,
    roofline,
    comparisons,
    groups,
    wrong: file.groups.flatMap((group) =>
      group.rows.filter(({ validation }) => !validation.ok).map((row) => ({ group, row })),
    ),
    betterChoices,
    goals: [...checkGoals(file.groups, file.header.adapter), ...checkPeakGoals(file.groups)],
    profiles: file.profiles,
    baseline: baseline && compareWithBaseline(file, baseline, threshold),
  };
}

/** Are a group's rows not ways to do the same, but parts, such as those of a start? */
export const hasParts = ({ suite, id }: Pick<Group, 'suite' | 'id'>): boolean =>
  suite === 'start' || id === openingGroup || id === overlayGroup;

/** Are a group's rows ways to do the same? Peaks do different amounts of work. */
export const isComparison = (group: Pick<Group, 'suite' | 'id'>): boolean =>
  group.suite !== 'peaks' && !hasParts(group);

/** Parts, in their order. */
const parts = (group: Group) =>
  group.rows
    .filter((row) => usable(group, row).length > 0)
    .map((row) => ({ row, comparison: undefined, tied: true }));

function analyseGroup(group: Group, comparisons: number, roofline: Roofline | undefined): AnalysedGroup {
  const ranked = hasParts(group) ? parts(group) : rank(group, comparisons)?.rows;
  const rows = (ranked ?? []).map(({ row, comparison, tied }): AnalysedRow => {
    const samples = sorted(usable(group, row));
    const time = medianEstimate(samples, 0.95);
    const wall = (row.wallNs ?? []).slice(group.warmupRounds).filter((value) => value !== null);
    return {
      row,
      time,
      low: quantile(samples, 0.1),
      high: quantile(samples, 0.9),
      wallNs: wall.length > 0 ? median(wall) : undefined,
      rate: rateOf(row.work, time.value, isComparison(group) ? roofline : undefined),
      comparison,
      tied,
    };
  });
  const total = Math.max(0, ...group.rows.map(({ samplesNs }) => samplesNs.length));
  return {
    group,
    rounds: Math.max(0, total - group.warmupRounds),
    rows,
    skipped: group.skipped,
    warnings: warningsOf(group),
  };
}
