// What may be said about the variants of a group: times with intervals, and letters for those that are not told apart.
import { againName } from '../../../measure/again-name.ts';
import { compareRows, falseClaims, usable } from '../../../measure/compare.ts';
import { type Roofline, rateOf } from '../../../measure/roofline.ts';
import type { Group, Row } from '../../../measure/schema.ts';
import { type Estimate, intervalRank, medianEstimate } from '../../../measure/statistics.ts';

export interface RankedRow {
  readonly name: string;
  readonly isRight: boolean;
  /** How it was checked, or what is wrong. */
  readonly how: string;
  readonly isDefault: boolean;
  /** Time of a dispatch, ns; undefined for a variant that is wrong: it is never timed. */
  readonly time: Estimate | undefined;
  readonly gflops: number;
  readonly gbPerSecond: number;
  /** Of the time that this adapter's measured peak allows. */
  readonly share: number | undefined;
  /** Rows that share a letter are not told apart; empty where nothing is ranked, or where there are too few samples to tell. */
  readonly letters: string;
}

export interface Ranked {
  /** The fastest first; wrong ones last. */
  readonly rows: readonly RankedRow[];
  /** Why there is no ranking; empty where there is. */
  readonly unranked: string;
}

/**
 * Ranks a measured group. Nothing is ranked where the tab was hidden while it was measured, or where the same variant, timed twice, differs from itself:
 * then the differences of others mean as little.
 */
export function rankGroup(group: Group, roofline: Roofline | undefined, wasHidden: boolean): Ranked {
  const timed = group.rows.filter(({ samplesNs, validation }) => validation.ok && samplesNs.length > 0);
  const isAgain = (row: Row) => timed.some(({ name }) => row.name === againName(name));
  const rows = timed
    .filter((row) => !isAgain(row))
    .map((row) => ({ row, time: medianEstimate(usable(group, row), 0.95) }))
    .filter(({ time }) => Number.isFinite(time.value))
    .sort((a, b) => a.time.value - b.time.value);
  const unranked = reason(group, timed, wasHidden);
  const pairs = (rows.length * (rows.length - 1)) / 2;
  const isApart = (a: Row, b: Row) => compareRows(group, a, b, pairs).verdict !== 'no difference';
  // No difference is found where there are too few samples for an interval: that is no finding.
  const level = 1 - falseClaims / Math.max(pairs, 1);
  const told = rows
    .map(({ row }) => row)
    .filter((row) => unranked === '' && intervalRank(usable(group, row).length, level) > 0);
  const letters = lettersOf(told, isApart);
  const ranked = rows.map(({ row, time }): RankedRow => {
    const rate = rateOf(row.work, time.value, roofline);
    return {
      name: row.name,
      isRight: true,
      how: row.validation.how,
      isDefault: row.isDefault,
      time,
      gflops: rate.gflops,
      gbPerSecond: rate.gbPerSecond,
      share: rate.share,
      letters: letters[told.indexOf(row)] ?? '',
    };
  });
  const wrong = group.rows
    .filter(({ validation }) => !validation.ok)
    .map(({ name, isDefault, validation }): RankedRow => {
      const none = { time: undefined, gflops: 0, gbPerSecond: 0, share: undefined, letters: '' };
      return { name, isRight: false, how: validation.how, isDefault, ...none };
    });
  return { rows: [...ranked, ...wrong], unranked };
}

/**
 * What trainings with measured kernels use of ranked rows: the fastest, but the default where that is not told apart from it, or too few samples tell: it would
 * change bits for nothing. Undefined where the default was not timed.
 */
export function toKeep(rows: readonly RankedRow[]): RankedRow | undefined {
  const timed = rows.filter(({ time }) => time !== undefined);
  const usual = timed.find(({ isDefault }) => isDefault);
  const [fastest] = timed;
  const isTold = usual?.letters !== '' && fastest?.letters.includes('a') && !usual?.letters.includes('a');
  return usual !== undefined && isTold ? fastest : usual;
}

function reason(group: Group, timed: readonly Row[], wasHidden: boolean): string {
  if (wasHidden) return 'not ranked: the tab was hidden while it was measured';
  for (const row of timed) {
    const again = timed.find(({ name }) => name === againName(row.name));
    if (again === undefined) continue;
    const { verdict, ratio } = compareRows(group, again, row, 1);
    if (verdict !== 'no difference') {
      const percent = (100 * Math.abs(ratio.value - 1)).toFixed(0);
      return `not ranked: ${row.name}, timed twice, differs from itself by ${percent} %`;
    }
  }
  return '';
}

/** Letters of rows in the order of their medians: rows i..j share one where none of them is told apart from row i. */
export function lettersOf<T>(rows: readonly T[], isApart: (a: T, b: T) => boolean): string[] {
  const letters = rows.map(() => '');
  let covered = -1;
  let used = 0;
  for (let i = 0; i < rows.length; i++) {
    let end = i;
    while (end + 1 < rows.length && !isApart(rows[i]!, rows[end + 1]!)) end++;
    if (end <= covered) continue;
    covered = end;
    const letter = String.fromCharCode(97 + (used++ % 26));
    for (let k = i; k <= end; k++) letters[k] += letter;
  }
  return letters;
}
