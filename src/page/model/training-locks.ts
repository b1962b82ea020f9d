// Web Locks of trainings: who trains, over all tabs of this browser.
import { EngineError } from '../engine/engine-error.ts';

/** One tab at a time trains: two would take each other's GPU and checkpoints. */
const oneAtATime = 'wgrad training';
/** Held beside it: its name says which run is in progress. */
const runPrefix = `${oneAtATime} `;

const lockManager = (): LockManager | undefined => (navigator as { readonly locks?: LockManager }).locks;

/** Trains while no other tab does. @throws EngineError `busy` where another one trains */
export function trainAlone(runId: string, work: () => Promise<void>): Promise<void> {
  return withLock(oneAtATime, () => withLock(runPrefix + runId, work));
}

async function withLock(name: string, work: () => Promise<void>): Promise<void> {
  const locks = lockManager();
  if (locks === undefined) return work();
  await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) throw new EngineError('busy', 'another tab trains');
    await work();
  });
}

/** Resolves when no tab trains this run any more: at once where none does, and when a tab that is closed or left has let go of it. */
export const untilReleased = async (runId: string): Promise<void> =>
  lockManager()?.request(runPrefix + runId, { mode: 'shared' }, () => {});

/** Ids of the runs that a tab trains now, this one or another. */
export async function runsInTraining(): Promise<ReadonlySet<string>> {
  const held =
    (
      await lockManager()
        ?.query()
        .catch(() => undefined)
    )?.held ?? [];
  return new Set(
    held.flatMap(({ name }) => (name?.startsWith(runPrefix) ? name.slice(runPrefix.length) : [])),
  );
}
