import { type RunRecord, type SeedScore, soundSeeds } from '../../model/run-record.ts';
import { mean } from '../spread.ts';

export const runOrders = [
  ['started', 'newest first'],
  ['validation', 'best validation first'],
  ['test', 'best test first'],
] as const;
export type RunOrder = (typeof runOrders)[number][0];

/** The mean over seeds that did not diverge; below all others where there is none. */
function worth(run: RunRecord, key: keyof SeedScore & `${string}Accuracy`): number {
  const values = soundSeeds(run).flatMap((seed) => seed[key] ?? []);
  return values.length === 0 ? -1 : mean(values);
}

/** Runs that stand with the newest first, in another order; pinned ones before all others. */
export const inOrder = (runs: readonly RunRecord[], order: RunOrder): readonly RunRecord[] =>
  runs.toSorted(
    (a, b) =>
      Number(b.pinned) - Number(a.pinned) ||
      (order === 'started' ? 0 : worth(b, `${order}Accuracy`) - worth(a, `${order}Accuracy`)),
  );

/** When it started, by this device's clock: 2026-11-27 14:05. Swedes write dates as ISO does. */
export const startText = ({ startedAt }: Pick<RunRecord, 'startedAt'>): string =>
  new Date(startedAt).toLocaleString('sv-SE').slice(0, 16);
