// A training step, dispatch by dispatch, as a trace for Perfetto.
import { html, nothing, type TemplateResult } from 'lit-html';
import { median } from '../../../measure/statistics.ts';
import { traceFile } from '../../../measure/trace.ts';
import type { App } from '../../model/app.ts';
import { readForm } from '../../model/form.ts';
import { canTrain, hasData } from '../../model/status.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { openInPerfetto } from '../../perfetto.ts';
import { saveFile } from '../../save-file.ts';
import { isIdle, type LabControl } from './lab-control.ts';

export function stepView(app: App, training: TrainingControl, lab: LabControl): TemplateResult {
  const hasImages = hasData(app.data.value);
  const isRight = Object.keys(readForm(training.form.value).problems).length === 0;
  const isFree = isIdle(app.run.value) && !lab.isBusy.value;
  const isReady = canTrain(app.gpu.value) && hasImages && isRight && isFree;
  return html`<section class="card" aria-label="A step as a trace">
    <h2>A training step, kernel by kernel</h2>
    <p class="help">
      The step of the net in the Train view’s form, each dispatch between two GPU timestamps.
      ${hasImages ? nothing : 'It reads the images: download them in the Train view first.'}
    </p>
    <p class="buttons">
      <button type="button" data-act="lab-trace" ?disabled=${!isReady} @click=${() => lab.traceStep()}>
        Trace a step
      </button>
    </p>
    ${tracedView(lab)}
  </section>`;
}

function tracedView(lab: LabControl): TemplateResult | typeof nothing {
  const profile = lab.profile.value;
  if (profile === undefined) return nothing;
  const { dispatches, group } = profile;
  const ms = dispatches.reduce((sum, { durationNs }) => sum + median(durationNs), 0) / 1e6;
  const slowest = dispatches
    .toSorted((a, b) => median(b.durationNs) - median(a.durationNs))
    .slice(0, 3)
    .map(({ label, durationNs }) => `${label} ${(median(durationNs) / 1e6).toPrecision(3)} ms`);
  return html`<p id="lab-traced">
      ${group}: ${dispatches.length} dispatches, ${ms.toPrecision(3)} ms; most of it ${slowest.join(', ')}.
    </p>
    <p class="buttons">
      <button
        type="button"
        class="small"
        data-act="save-trace"
        @click=${() => saveFile('trace.json', traceFile([profile]))}
      >
        Save trace
      </button>
      <button
        type="button"
        class="small"
        data-act="open-perfetto"
        @click=${() => {
          if (!openInPerfetto(traceFile([profile]), group))
            lab.problem.value = 'The browser blocked the window: allow it, or save the trace.';
        }}
      >
        Open in Perfetto
      </button>
      <span class="help">
        Perfetto is another site’s page, which shows the trace in this browser. Saved, ui.perfetto.dev and chrome://tracing read it.
      </span>
    </p>`;
}
