import { effect } from '@preact/signals-core';
import type { RunList } from './run-list.ts';
import { runsInTraining, untilReleased } from './training-locks.ts';

/** Reads the list again when a run that another tab trains is let go of: it is over, or was interrupted. A tab that is left holds its run for a moment. */
export function followTrainings(runs: RunList, isOwn: (runId: string) => boolean): void {
  const followed = new Set<string>();
  effect(() => {
    for (const { id, state } of runs.runs.value) {
      if (state !== 'running' || followed.has(id) || isOwn(id)) continue;
      followed.add(id);
      untilReleased(id).then(
        () => {
          followed.delete(id);
          return runs.load(runsInTraining);
        },
        () => {}, // A page that is left itself gets no lock.
      );
    }
  });
}
