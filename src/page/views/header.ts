import { html, nothing, type TemplateResult } from 'lit-html';
import { count, percent } from '../format.ts';
import type { App } from '../model/app.ts';
import { testAccuracy } from '../model/run-record.ts';
import { isBusy } from '../model/status.ts';
import { dataChip, gpuChip, measuringText, overViewsText, runChip, timeLeft } from '../model/texts.ts';
import type { TrainingControl } from '../model/training-control.ts';
import { type Route, type Router, routes, routeTitles } from '../router.ts';

/** Name, views, GPU and data. */
export function headerView(app: App, router: Router): TemplateResult {
  const current = router.route.value;
  const gpu = app.gpu.value;
  const data = app.data.value;
  return html`<div class="bar">
    <a class="name" href="#/train">wgrad</a>
    <nav aria-label="Views">
      ${routes.map((route) => link(route, current))}
    </nav>
    <p class="chips">
      <span class="chip" id="gpu-chip" data-state=${gpu.state}><span class="label">GPU</span> ${gpuChip(gpu)}</span>
      <span class="chip" id="data-chip" data-state=${data.state}
        ><span class="label">CIFAR-10</span> ${dataChip(data)}</span
      >
    </p>
  </div>`;
}

const link = (route: Route, current: Route): TemplateResult =>
  html`<a href="#/${route}" aria-current=${route === current ? 'page' : 'false'}>${routeTitles[route]}</a>`;

/** What the run in progress, or the last one, is at: the same in every view. */
export function runBarView(app: App, training: TrainingControl): TemplateResult | typeof nothing {
  void training.version.value;
  const live = training.live.value;
  const run = app.run.value;
  if (live === undefined || run.state === 'none') return nothing;
  const { record } = live;
  const { steps } = record.train;
  const validation = live.last('validationAccuracy');
  const test = testAccuracy(record);
  const left = run.state === 'running' ? timeLeft(live.leftMs) : '';
  return html`<div class="run-bar" data-state=${run.state}>
    <p class="run-name">${record.name}</p>
    <p id="run-state">${runChip(run, live)}</p>
    <p id="run-step">${count(record.step)} of ${count(steps)}</p>
    ${validation === undefined ? nothing : html`<p>validation ${percent(validation)}</p>`}
    ${test === undefined ? nothing : html`<p id="run-test">test ${percent(test)}${overViewsText(record)}</p>`}
    ${left === '' ? nothing : html`<p class="quiet">${left}</p>`}
    ${isBusy(run) ? html`<span class="run-buttons">${runButtons(app, training)}</span>` : nothing}
    <progress
      max=${Math.max(steps, 1)}
      .value=${record.step}
      aria-label="Progress of ${record.name}"
    ></progress>
  </div>`;
}

/** Pause or Go on, and Stop: of a run in progress. */
export function runButtons(app: App, training: TrainingControl): TemplateResult {
  const run = app.run.value;
  const isPaused = run.state === 'paused';
  // A measurement that a training runs beside is none.
  const isForLab = isPaused && run.by === 'lab';
  const isMeasured = isForLab || app.isMeasuring.value;
  return html`
    <button
      type="button"
      data-act="pause"
      title=${isForLab ? 'Goes on by itself when the measurement is over' : isMeasured ? measuringText : nothing}
      ?disabled=${isMeasured || !(isPaused || run.state === 'running')}
      @click=${() => (app.run.peek().state === 'paused' ? training.resume() : training.pause())}
    >
      ${isPaused ? 'Go on' : 'Pause'}
    </button>
    <button type="button" data-act="stop" ?disabled=${run.state === 'stopping'} @click=${() => training.stop()}>
      Stop
    </button>
  `;
}
