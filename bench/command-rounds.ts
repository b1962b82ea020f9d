/** Rounds of whole commands, for suites whose rows are not kernels: a first round that builds and fills caches, then as many as the budget holds. */
import type { Row, Validation } from '../src/measure/schema.ts';
import type { ListedGroup, MeasureRequest, MeasureResult } from './protocol.ts';

/** Rounds that build what later ones find in caches. */
const warmupRounds = 1;

/** What a row of such a suite took, ns; null where a round has no such time. */
type CommandSamples = ReadonlyMap<string, readonly (number | null)[]>;

/** Calls `round` until the budget is spent or the signal ends it. `round` is told how many were before; false where it was stopped. */
export async function commandRounds(
  { settings: { budgetNs, leastRounds, mostRounds } }: MeasureRequest,
  onRound: (done: number, planned: number) => void,
  stop: AbortSignal,
  round: (before: number) => Promise<boolean>,
): Promise<void> {
  const planned = mostRounds + warmupRounds;
  const startedAt = performance.now();
  for (let done = 0; done < planned && !stop.aborted; done++) {
    const spentNs = (performance.now() - startedAt) * 1e6;
    if (done >= leastRounds + warmupRounds && spentNs > budgetNs) break;
    const isWhole = await round(done).catch((error: unknown) => {
      // The signal ends the round's browser, too: such a round was not done.
      if (!stop.aborted) throw error;
      return false;
    });
    if (!isWhole) break;
    onRound(done + 1, planned);
  }
}

/** The result of such a suite. `repeats`: steps that each sample is the mean of. */
export function commandResult(
  { suite, id, title, skipped }: ListedGroup,
  samples: CommandSamples,
  {
    op,
    repeats,
    validation,
  }: { readonly op: string; readonly repeats: number; readonly validation: Validation },
): MeasureResult {
  const rows = Array.from(
    samples,
    ([name, samplesNs]): Row => ({
      name,
      isDefault: false,
      validation,
      work: { flops: 0, bytes: 0 },
      repeats,
      stride: 1,
      samplesNs,
      dispatches: 0,
    }),
  );
  return {
    group: { suite, id, op, title, usedBy: [], clock: 'wall', warmupRounds, rows, skipped },
    profiles: [],
  };
}
