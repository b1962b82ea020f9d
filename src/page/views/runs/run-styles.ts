import { styles } from '../../model/run-list.ts';
import type { RunRecord } from '../../model/run-record.ts';

/** Dashes of the styles, in pixels: runs.css has the same for the list. */
export const dashes: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [8, 3, 2, 3],
  [],
  [8, 4],
  [2, 3],
  [8, 3, 2, 3],
];

/** A background that looks like the line of a style, in a colour. */
export function markerOf(style: number, colour: string): string {
  const dash = dashes[style]!;
  const ends = dash.map((_, i) => dash.slice(0, i + 1).reduce((sum, px) => sum + px));
  const parts = ends.map((end, i) => `${i % 2 === 0 ? colour : 'transparent'} ${end - dash[i]!}px ${end}px`);
  return parts.length === 0 ? colour : `repeating-linear-gradient(90deg, ${parts.join(', ')})`;
}

/** Styles of runs in one chart, by id: each its own, but for one that comes behind another with the same: that takes a free one. As many runs as styles, at most. */
export function distinctStyles(
  runs: readonly Pick<RunRecord, 'id' | 'style'>[],
): ReadonlyMap<string, number> {
  const free = new Set(Array(styles).keys());
  const chosen = new Map<string, number>();
  for (const { id, style } of runs) {
    const own = style % styles;
    const [first = own] = free;
    const given = free.has(own) ? own : first;
    free.delete(given);
    chosen.set(id, given);
  }
  return chosen;
}
