/**
 * Compares a run with an earlier one on the same adapter. The two were not taken side by side, and a machine is rarely twice
 * in the same state. So every group of every run is timed beside the same small kernel (`controlNs`), and a row counts as
 * slower only where it is slower both as timed and relative to that control, round by round.
 */
import { falseClaims, usable, type Verdict, verdictOf } from '../src/measure/compare.ts';
import type { BenchFile, Group, Row } from '../src/measure/schema.ts';
import { type Estimate, median, quotientEstimate, ratios } from '../src/measure/statistics.ts';

export interface BaselineRow {
  readonly suite: string;
  readonly group: string;
  readonly row: string;
  /** Time now / time then, 95 % interval. */
  readonly ratio: Estimate;
  /** The same of the times in units of the control's; undefined where a run has no control. */
  readonly relative: Estimate | undefined;
  readonly verdict: Verdict;
  /** Slower by more than the threshold, with an interval that excludes it. */
  readonly regression: boolean;
}

export interface BaselineComparison {
  readonly startedAt: string;
  readonly commit: string | null;
  readonly threshold: number;
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

const keyOf = (group: Group, row: { readonly name: string }) => `${group.suite}\n${group.id}\n${row.name}`;

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
  const level = 1 - falseClaims / Math.max(pairs.length, 1);
  const rows = pairs.map(({ group, row, current, earlier }): BaselineRow => {
    const hasControl = current.relative.length > 0 && earlier.relative.length > 0;
    const kinds = hasControl ? (['ns', 'relative'] as const) : (['ns'] as const);
    const [plain, relative] = kinds.map((kind) => quotientEstimate(current[kind], earlier[kind], 0.95));
    // All of them must agree.
    const strict = kinds.map((kind) => quotientEstimate(current[kind], earlier[kind], level));
    const low = Math.min(...strict.map((estimate) => estimate.low));
    const high = Math.max(...strict.map((estimate) => estimate.high));
    return {
      suite: group.suite,
      group: group.id,
      row: row.name,
      ratio: plain!,
      relative,
      verdict: verdictOf(low, high),
      regression: low > 1 + threshold,
    };
  });
  const count = compared(now).reduce((total, group) => total + group.rows.length, 0);
  return {
    startedAt: then.header.startedAt,
    commit: then.header.commit,
    threshold,
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
