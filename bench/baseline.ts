/**
 * Compares a run with an earlier one on the same adapter. The two were not taken side by side, and a machine is rarely twice
 * in the same state. So every group of every run is timed beside the same small kernel (`controlNs`), and a row counts as
 * slower only where it is slower both as timed and relative to that control, round by round.
 */
import { falseClaims, usable, type Verdict, verdictOf } from '../src/measure/compare.ts';
import type { BenchFile, Group, Header, Row } from '../src/measure/schema.ts';
import { type Estimate, intervalRank, median, quotientEstimate, ratios } from '../src/measure/statistics.ts';
import { mostWarmupRounds } from '../src/measure/warm-up.ts';
import type { ListedGroup } from './protocol.ts';

export type BaselineVerdict = Verdict | 'too few rounds to tell';

export interface BaselineRow {
  readonly suite: string;
  readonly group: string;
  readonly row: string;
  /** Time now / time then, 95 % interval. */
  readonly ratio: Estimate;
  /** The same of the times in units of the control's; undefined where a run has no control. */
  readonly relative: Estimate | undefined;
  readonly verdict: BaselineVerdict;
  /** Slower by more than the threshold, with an interval that excludes it. */
  readonly regression: boolean;
  /** With too few rounds to tell: every time now is beyond every time then by more than the threshold. */
  readonly seemsSlower: boolean;
}

export interface BaselineComparison {
  readonly startedAt: string;
  readonly commit: string | null;
  readonly threshold: number;
  /** In what the two runs' surroundings differ beside the code, such as `2 cores, now 4`. */
  readonly otherwise: readonly string[];
  /** Median over the groups of the control's time now / then: above 1 where the machine is slower now; NaN where unknown. */
  readonly machine: number;
  readonly rows: readonly BaselineRow[];
  /** Rows that only one of the two runs has. */
  readonly unmatched: number;
}

/**
 * Why the two cannot be compared, undefined where they can.
 */
export function baselineRefusal(now: { readonly adapterName: string }, then: BenchFile): string | undefined {
  const before = then.header.adapterName;
  if (before === now.adapterName) return undefined;
  return `it was measured on another adapter (${before}), this one is ${now.adapterName}`;
}

/**
 * Why nothing could be told from a comparison of what is to be measured, in so many `rounds` where they are given; undefined where
 * something could.
 */
export function idleRefusal(
  listed: readonly ListedGroup[],
  then: BenchFile,
  rounds: number | undefined,
): string | undefined {
  const planned = new Set(listed.flatMap((group) => group.rows.map((name) => keyOf(group, { name }))));
  const before = compared(then).flatMap((group) =>
    group.rows
      .filter((row) => planned.has(keyOf(group, row)))
      .map((row) => usable(group, row).length)
      .filter((count) => count > 0),
  );
  if (before.length === 0) return 'it has none of the rows that would be measured';
  const level = levelOf(before.length);
  const rows = before.length === 1 ? 'its row' : `${before.length} rows`;
  if (rounds !== undefined && intervalRank(rounds, level) === 0)
    return `--rounds ${rounds} are too few to compare ${rows}: use ${leastRounds(level)} or more`;
  if (before.every((count) => intervalRank(count, level) === 0))
    return `it has too few rounds to compare ${rows}: measure it anew, with --rounds ${leastRounds(level)} or more`;
  return undefined;
}

/** Rounds that leave enough for this level, however many of them turn out to be warm-up. */
function leastRounds(level: number): number {
  let rounds = 1;
  while (intervalRank(rounds - mostWarmupRounds(rounds), level) === 0) rounds++;
  return rounds;
}

/** Why a comparison without a regression is no proof that there is none; undefined where it is. */
export function doubtOf({ rows, threshold }: BaselineComparison): string | undefined {
  if (rows.length === 0) return 'no row was compared with the baseline';
  if (rows.every(({ verdict }) => verdict === 'too few rounds to tell'))
    return 'no row has enough rounds to compare it with the baseline: measure both with more --rounds';
  const slower = rows.filter(({ seemsSlower }) => seemsSlower);
  if (slower.length === 0) return undefined;
  const by = `by more than ${100 * threshold} %`;
  const which = slower.length === 1 ? '1 row seems' : `${slower.length} rows seem`;
  const [{ group, row }] = slower as [BaselineRow];
  return `${which} slower than the baseline ${by}, with too few rounds to tell (${group}, ${row}): measure both with more --rounds`;
}

const keyOf = (group: Pick<Group, 'suite' | 'id'>, row: { readonly name: string }) =>
  `${group.suite}\n${group.id}\n${row.name}`;

/** The level of each of so many comparisons. */
const levelOf = (comparisons: number): number => 1 - falseClaims / Math.max(comparisons, 1);

/** One row's samples in one run. */
interface Timed {
  readonly ns: readonly number[];
  /** In units of the control's time in the same round. */
  readonly relative: readonly number[];
}

function timed(group: Group, row: Row): Timed {
  const from = group.warmupRounds;
  const control = group.controlNs?.slice(from) ?? [];
  return { ns: usable(group, row), relative: ratios(row.samplesNs.slice(from), control) };
}

/** A software adapter has one name on every CPU, and each browser brings its own. */
function differencesOf(now: Header, then: Header): string[] {
  const surroundings = ({ host, browser }: Header) => [host.cpu, `${host.cores} cores`, browser];
  const before = surroundings(then);
  return surroundings(now).flatMap((found, i) => (found === before[i] ? [] : [`${before[i]}, now ${found}`]));
}

export function compareWithBaseline(now: BenchFile, then: BenchFile, threshold: number): BaselineComparison {
  const before = new Map<string, Timed>();
  for (const group of compared(then)) {
    for (const row of group.rows) before.set(keyOf(group, row), timed(group, row));
  }
  const pairs = compared(now).flatMap((group) =>
    group.rows.flatMap((row) => {
      const earlier = before.get(keyOf(group, row));
      const current = timed(group, row);
      const hasBoth = earlier !== undefined && earlier.ns.length > 0 && current.ns.length > 0;
      return hasBoth ? [{ group, row, current, earlier }] : [];
    }),
  );
  const level = levelOf(pairs.length);
  const rows = pairs.map(({ group, row, current, earlier }): BaselineRow => {
    const hasControl = current.relative.length > 0 && earlier.relative.length > 0;
    const kinds = hasControl ? (['ns', 'relative'] as const) : (['ns'] as const);
    const [plain, relative] = kinds.map((kind) => quotientEstimate(current[kind], earlier[kind], 0.95));
    // All of them must agree.
    const strict = kinds.map((kind) => quotientEstimate(current[kind], earlier[kind], level));
    const low = Math.min(...strict.map((estimate) => estimate.low));
    const high = Math.max(...strict.map((estimate) => estimate.high));
    // Too few rounds for the level leave the interval unbounded.
    const isTold = Number.isFinite(low);
    const isApart = kinds.every(
      (kind) => Math.min(...current[kind]) > (1 + threshold) * Math.max(...earlier[kind]),
    );
    return {
      suite: group.suite,
      group: group.id,
      row: row.name,
      ratio: plain!,
      relative,
      verdict: isTold ? verdictOf(low, high) : 'too few rounds to tell',
      regression: low > 1 + threshold,
      seemsSlower: !isTold && isApart,
    };
  });
  const count = compared(now).reduce((total, group) => total + group.rows.length, 0);
  return {
    startedAt: then.header.startedAt,
    commit: then.header.commit,
    threshold,
    otherwise: differencesOf(now.header, then.header),
    machine: machineRatio(now, then),
    rows,
    unmatched: count + before.size - 2 * rows.length,
  };
}

const compared = ({ groups }: BenchFile): readonly Group[] => groups.filter(({ suite }) => suite !== 'peaks');

function machineRatio(now: BenchFile, then: BenchFile): number {
  const controlOf = ({ controlNs, warmupRounds }: Group) =>
    median((controlNs ?? []).slice(warmupRounds).filter((ns) => ns !== null));
  const before = new Map(compared(then).map((group) => [`${group.suite} ${group.id}`, controlOf(group)]));
  const quotients = compared(now).map(
    (group) => controlOf(group) / (before.get(`${group.suite} ${group.id}`) ?? Number.NaN),
  );
  return median(quotients.filter((quotient) => Number.isFinite(quotient)));
}
