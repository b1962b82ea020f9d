import { signal } from '@preact/signals-core';
import { html, type TemplateResult } from 'lit-html';
import type { App } from '../../model/app.ts';
import type { LiveRun } from '../../model/live-run.ts';
import type { RunStatus } from '../../model/status.ts';
import { dataNotice, runNotice } from '../../model/texts.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { noticeView } from '../notice-view.ts';
import { paint } from '../paint.ts';
import { dataView } from './data-view.ts';
import { formView } from './form-view.ts';
import type { LiveCharts } from './live-charts.ts';
import { liveView } from './live-view.ts';

/** More than the run's bar takes of a narrow screen. */
const barPx = 140;

/** Mounts the Train view. What is not on the screen is neither drawn nor read back from the GPU. */
export function mountTrain(
  root: HTMLElement,
  app: App,
  training: TrainingControl,
  isShown: () => boolean,
): void {
  const part = (name: string): HTMLElement => {
    const element = document.createElement('div');
    element.className = name;
    root.append(element);
    return element;
  };
  const notices = part('notices');
  const form = part('settings-column');
  const right = part('live-column');
  const dismiss = (letGo: () => void) =>
    html`<button type="button" data-act="dismiss" @click=${letGo}>Dismiss</button>`;
  /** The end of a run that was read, and let go of. */
  const read = signal<RunStatus | undefined>(undefined);
  paint(notices, (): TemplateResult => {
    const problem = app.dataProblem.value;
    const run = app.run.value;
    return html`
      ${dataView(app)}
      ${noticeView(
        problem && dataNotice(problem),
        dismiss(() => {
          app.dataProblem.value = undefined;
        }),
      )}
      ${noticeView(
        run === read.value ? undefined : runNotice(run),
        dismiss(() => {
          read.value = run;
        }),
      )}
    `;
  });
  paint(form, () => formView(app, training));
  /** Loaded when there is something to draw: their library is as large as the rest of the view. */
  let charts: Promise<LiveCharts> | undefined;
  let seen: LiveRun | undefined;
  const chart = (id: string) => document.getElementById(id)!;
  const load = async () => {
    const { LiveCharts } = await import('./live-charts.ts');
    return new LiveCharts(chart('chart-accuracy'), chart('chart-rate'), chart('chart-loss'));
  };
  paint(
    right,
    () => {
      isShown(); // Drawn again when it comes back to the screen.
      return liveView(app, training);
    },
    () => {
      const started = training.live.peek();
      if (started === undefined || !isShown()) return;
      // Where the columns are one, the progress comes above the button that was pressed.
      if (started !== seen) {
        const { top } = chart('sentence').getBoundingClientRect();
        // Below the run's bar. By scrollIntoView the next Tab would begin there, and not where the button was.
        if (top < barPx || top > innerHeight) scrollBy(0, top - barPx);
      }
      seen = started;
      charts ??= load();
      charts.then(
        (loaded) => {
          const live = training.live.peek();
          if (live !== undefined && isShown()) loaded.show(live);
        },
        () => {
          charts = undefined; // Asked for again with the next numbers.
        },
      );
    },
  );
}
