import { effect } from '@preact/signals-core';
import type { RunList } from './run-list.ts';
import { runsInTraining, untilReleased } from './training-locks.ts';

/** Reads the list again when a run that another tab trains is let go of: it is over, or was interrupted. A tab that is left holds its run for a moment. */
export function followTrainings(runs: RunList, isOwn: (runId: string) => boolean): void {
  const followed = new Set<string>();
  const follow = async (id: string) => {
    await untilReleased(id);
    followed.delete(id);
    await runs.load(runsInTraining);
  };
  effect(() => {
    for (const { id, state } of runs.runs.value) {
      if (state !== 'running' || followed.has(id) || isOwn(id)) continue;
      followed.add(id);
      follow(id).catch(() => {}); // A page that is left itself gets no lock.
    }
  });
}
