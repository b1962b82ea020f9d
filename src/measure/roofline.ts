/**
 * The roofline of the adapter (Williams, Waterman & Patterson 2009, https://doi.org/10.1145/1498765.1498785): a kernel of
 * arithmetic intensity I (flops per byte) can reach at most min(peak, I x bandwidth). Peak and bandwidth are those that the
 * harness measures in the same run (group `fma` and the `copy` groups), not those of a data sheet.
 */
import { usable } from './compare.ts';
import type { Group, Work } from './schema.ts';
import { median } from './statistics.ts';

export interface Bandwidth {
  /** Bytes that the copy reads and writes: where they fit into a cache, it is the cache's. */
  readonly workingSetBytes: number;
  readonly gbPerSecond: number;
}

export interface Roofline {
  readonly gflops: number;
  /** By working set, smallest first. */
  readonly bandwidths: readonly Bandwidth[];
  readonly emptyDispatchNs: number;
}

export const fmaGroup = 'fma';
export const emptyGroup = 'empty dispatch';
export const copyGroup = (workingSetBytes: number): string => `copy ${workingSetBytes / 2 ** 20} MiB`;

/** The best row's rate of a `peaks` group: billions of `what` per second. */
function bestRate(group: Group, what: keyof Work): number {
  const rates = group.rows.map((row) => row.work[what] / median(usable(group, row)));
  return Math.max(0, ...rates.filter((rate) => !Number.isNaN(rate)));
}

/** From the `peaks` groups of a run; undefined where they were not measured. */
export function rooflineOf(groups: readonly Group[]): Roofline | undefined {
  const peaks = groups.filter(({ suite }) => suite === 'peaks');
  const fma = peaks.find(({ id }) => id === fmaGroup);
  const empty = peaks.find(({ id }) => id === emptyGroup);
  const bandwidths = peaks
    .filter(({ op }) => op === 'copy')
    .map((group) => ({
      workingSetBytes: group.rows[0]?.work.bytes ?? 0,
      gbPerSecond: bestRate(group, 'bytes'),
    }))
    .filter(({ gbPerSecond }) => gbPerSecond > 0)
    .sort((a, b) => a.workingSetBytes - b.workingSetBytes);
  if (fma === undefined || bandwidths.length === 0) return undefined;
  const emptyDispatchNs = empty?.rows[0] === undefined ? Number.NaN : median(usable(empty, empty.rows[0]));
  return { gflops: bestRate(fma, 'flops'), bandwidths, emptyDispatchNs };
}

/** Bandwidth that work on so many bytes can hope for: the best copy of at least as much. */
export function bandwidthFor({ bandwidths }: Roofline, bytes: number): number {
  const larger = bandwidths.filter(({ workingSetBytes }) => workingSetBytes >= bytes);
  const candidates = larger.length > 0 ? larger : bandwidths.slice(-1);
  return Math.max(...candidates.map(({ gbPerSecond }) => gbPerSecond));
}

/** What a row reaches. */
export interface Rate {
  readonly gflops: number;
  readonly gbPerSecond: number;
  /** Of the time that the roofline allows, 0..1 (above 1 where data come from a faster cache than the copy's). */
  readonly share: number | undefined;
  /** Which roof is the lower one. */
  readonly bound: 'compute' | 'memory' | undefined;
}

export function rateOf(work: Work, ns: number, roofline: Roofline | undefined): Rate {
  const rate = { gflops: work.flops / ns, gbPerSecond: work.bytes / ns };
  if (roofline === undefined) return { ...rate, share: undefined, bound: undefined };
  const computeNs = work.flops / roofline.gflops;
  const memoryNs = work.bytes / bandwidthFor(roofline, work.bytes);
  return {
    ...rate,
    share: Math.max(computeNs, memoryNs) / ns,
    bound: computeNs >= memoryNs ? 'compute' : 'memory',
  };
}
