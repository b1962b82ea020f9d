/**
 * Compares a run with an earlier one on the same adapter. The two were not taken side by side, so the machine may be
 * faster or slower as a whole: the adapter's own speed (the `peaks` groups) was measured in both, and a row counts as slower only
 * where it is beyond the threshold both as timed and relative to the peak of its own run.
 */
import { falseClaims, usable } from './compare.ts';
import { fmaGroup } from './roofline.ts';
import type { BenchFile, Group } from './schema.ts';
import { type Estimate, median, quotientEstimate } from './statistics.ts';

export interface BaselineRow {
  readonly suite: string;
  readonly group: string;
  readonly row: string;
  /** Time now / time then, 95 % interval. */
  readonly ratio: Estimate;
  readonly verdict: 'faster' | 'slower' | 'no difference';
  /** Slower by more than the threshold, with an interval that excludes it. */
  readonly regression: boolean;
}

export interface BaselineComparison {
  readonly startedAt: string;
  readonly commit: string | null;
  readonly threshold: number;
  /** Speed of the machine then / now: above 1 where it is slower now; 1 where it is unknown. */
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

export function compareWithBaseline(now: BenchFile, then: BenchFile, threshold: number): BaselineComparison {
  const before = new Map<string, number[]>();
  for (const group of compared(then)) {
    for (const row of group.rows) before.set(keyOf(group, row), usable(group, row));
  }
  const pairs = compared(now).flatMap((group) =>
    group.rows.flatMap((row) => {
      const earlier = before.get(keyOf(group, row));
      const samples = usable(group, row);
      return earlier === undefined || earlier.length === 0 || samples.length === 0
        ? []
        : [{ group, row: row.name, samples, earlier }];
    }),
  );
  const machine = machineRatio(now, then);
  const level = 1 - falseClaims / Math.max(pairs.length, 1);
  const rows = pairs.map(({ group, row, samples, earlier }): BaselineRow => {
    const shared = quotientEstimate(samples, earlier, level);
    const [low, high] = [shared.low / Math.max(machine, 1), shared.high / Math.min(machine, 1)];
    const verdict = high < 1 ? 'faster' : low > 1 ? 'slower' : 'no difference';
    return {
      suite: group.suite,
      group: group.id,
      row,
      ratio: quotientEstimate(samples, earlier, 0.95),
      verdict,
      regression: low > 1 + threshold,
    };
  });
  const count = compared(now).reduce((total, group) => total + group.rows.length, 0);
  return {
    startedAt: then.header.startedAt,
    commit: then.header.commit,
    threshold,
    machine,
    rows,
    unmatched: count + before.size - 2 * rows.length,
  };
}

const compared = ({ groups }: BenchFile): readonly Group[] => groups.filter(({ suite }) => suite !== 'peaks');

/** How much longer the same arithmetic takes now. */
function machineRatio(now: BenchFile, then: BenchFile): number {
  const best = ({ groups }: BenchFile) => {
    const group = groups.find(({ suite, id }) => suite === 'peaks' && id === fmaGroup);
    return group === undefined
      ? Number.NaN
      : Math.min(...group.rows.map((row) => median(usable(group, row)) / row.work.flops));
  };
  const ratio = best(now) / best(then);
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}
