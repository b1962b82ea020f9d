import { effect, signal } from '@preact/signals-core';
import type { App } from './app.ts';
import type { RunList } from './run-list.ts';
import { isBusy } from './status.ts';
import { runsInTraining } from './training-locks.ts';

/** What is not on the screen is not read back from the GPU; a page that is looked at again asks what other tabs have done meanwhile. */
export function followScreen(app: App, runs: RunList, isTrainShown: () => boolean): void {
  const isHidden = signal(document.hidden);
  document.addEventListener('visibilitychange', () => {
    isHidden.value = document.hidden;
    if (document.hidden) return;
    // Another tab may have trained, renamed or deleted: runs, or the data.
    void runs.load(runsInTraining);
    const { state } = app.data.peek();
    if (state === 'kept' || state === 'absent') void app.refreshData();
  });
  effect(() => {
    if (!isBusy(app.run.value)) return;
    const samples = isTrainShown() && !isHidden.value;
    void app.engine.call('watch', { samples, weights: samples }).catch(() => {});
  });
}
