import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { overViewsWords } from '../../../data/test-views.ts';
import { count, milliseconds } from '../../format.ts';
import {
  goesOnFrom,
  type RunRecord,
  type RunState,
  soundSeeds,
  testedSeeds,
  testsOverViews,
} from '../../model/run-record.ts';
import { measuringText, trainLabel } from '../../model/texts.ts';
import { spread } from '../spread.ts';
import { differencesText, differingFields, isKnown } from './run-differences.ts';
import { startText } from './run-order.ts';
import type { RunDifference } from './run-statistics.ts';
import type { RunsContext } from './runs-context.ts';

const stateText: Readonly<Record<RunState, string>> = {
  running: 'training',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
  interrupted: 'interrupted',
};

/** Every run of this browser, with its difference to the baseline. */
export function runTable(context: RunsContext): TemplateResult {
  const { shown, differences, baseline } = context;
  return html`<div class="scroll runs-list" tabindex="0" role="region" aria-label="Runs">
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Shown</th>
          <th scope="col">Baseline</th>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col">Differs in</th>
          <th scope="col" class="figure">Seeds</th>
          <th scope="col" class="figure">Validation</th>
          <th scope="col" class="figure">Test</th>
          <th scope="col" class="difference">Against the baseline</th>
          <th scope="col" class="figure">ms per step</th>
        </tr>
      </thead>
      <tbody>
        ${repeat(
          shown,
          // A row is its run's: what has the focus is not the next run's when one is gone.
          ({ id }) => id,
          (run) => row(context, run, baseline, differences.get(run.id)),
        )}
      </tbody>
    </table>
  </div>`;
}

function row(
  context: RunsContext,
  run: RunRecord,
  baseline: RunRecord | undefined,
  difference: RunDifference | undefined,
): TemplateResult {
  const { overlay, styleOf, toggle, setBaseline, rename } = context;
  const validations = soundSeeds(run).flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
  return html`<tr data-run=${run.id} data-state=${run.state} data-origin=${run.origin}>
    <td data-label="Shown">
      <label class="swatch">
        <input
          type="checkbox"
          aria-label="Show ${run.name} in the chart"
          .checked=${overlay.has(run.id)}
          @change=${() => toggle(run.id)}
        />
        <svg width="28" height="10" aria-hidden="true">
          <line x1="0" y1="5" x2="28" y2="5" class="run-line style-${styleOf(run)}"></line>
        </svg>
      </label>
    </td>
    <td data-label="Baseline">
      <input
        type="radio"
        name="baseline"
        aria-label="Compare with ${run.name}"
        .checked=${run.id === baseline?.id}
        @change=${() => setBaseline(run.id)}
      />
    </td>
    <td>
      <input
        type="text"
        class="run-title"
        aria-label="Name of the run"
        maxlength="80"
        ?disabled=${run.origin === 'example'}
        .value=${run.name}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          // Without a name it keeps the one that it had.
          input.value = input.value.trim() || run.name;
          rename(run, input.value);
        }}
      />
      ${run.origin === 'here' ? nothing : html`<span class="tag">${run.origin === 'import' ? 'imported' : 'example'}</span>`}
      <p class="help" title=${run.adapter}>
        ${startText(run)}<span class="adapter">${run.adapter}</span>
      </p>
      <div class="actions">${actions(context, run)}</div>
    </td>
    <td data-label="State" title=${run.problem ?? ''}>
      <span
        >${stateText[run.state]}${divergedText(run)}${
          run.state === 'finished'
            ? nothing
            : html`<br /><span class="quiet">step ${count(canGoOn(run) ? goesOnFrom(run) : run.step)}</span>`
        }</span
      >
    </td>
    <td class="differs" data-label="Differs in">${differencesText(run, baseline)}</td>
    <td class="figure" data-label="Seeds">${run.train.replicas.length}</td>
    <td class="figure" data-label="Validation">${validations.length === 0 ? '–' : spread(validations)}</td>
    <td class="figure" data-label="Test">${testText(run)}</td>
    <td class="difference" data-label="Against the baseline"><span>${differenceView(run, baseline, difference)}</span></td>
    <td class="figure" data-label="ms per step">${run.msPerStep === null ? '–' : milliseconds(run.msPerStep)}</td>
  </tr>`;
}

/** Which seed diverged first in the list, and how many are left out of the means. */
const divergedText = ({ perSeed }: RunRecord): TemplateResult | typeof nothing => {
  const diverged = perSeed.filter(({ divergedAtStep }) => divergedAtStep !== null);
  const [first] = diverged;
  if (first === undefined) return nothing;
  const left = perSeed.length === 1 ? '' : `; ${diverged.length} of ${perSeed.length} seeds left out`;
  return html`<br /><span class="alarm">diverged, seed ${first.seed}, step ${count(first.divergedAtStep!)}${left}</span>`;
};

function differenceView(
  run: RunRecord,
  baseline: RunRecord | undefined,
  difference: RunDifference | undefined,
): TemplateResult | string {
  if (run.id === baseline?.id) return 'baseline';
  if (difference === undefined) return '–';
  const { mean, margin, pHolm, verdict } = difference;
  const points = (value: number) => `${value >= 0 ? '+' : '−'}${Math.abs(100 * value).toFixed(2)}`;
  const interval = margin === null ? '' : ` [${points(mean - margin)}, ${points(mean + margin)}]`;
  const p = pHolm === null ? '' : `, p ${pHolm < 0.001 ? '< 0.001' : pHolm.toFixed(3)}`;
  return Number.isNaN(mean)
    ? verdict
    : html`${points(mean)}${interval} points<br /><span class="quiet">${verdict}${p}</span>`;
}

const canGoOn = ({ state, origin }: RunRecord): boolean =>
  state !== 'running' && state !== 'finished' && origin === 'here';

function actions(context: RunsContext, run: RunRecord): TemplateResult {
  const { isBusy, isMeasuring, missing, goOn, toForm, saveRun, saveWeights, remove, pin } = context;
  return html`
    ${
      canGoOn(run)
        ? html`<button type="button" class="small primary" data-act="go-on" title=${isMeasuring ? measuringText : nothing} ?disabled=${isMeasuring || isBusy} @click=${() => goOn(run)}>
            ${trainLabel(goesOnFrom(run) === 0 ? 'Start again' : `Go on from step ${count(goesOnFrom(run))}`, missing)}
          </button>`
        : nothing
    }
    ${run.settings === null ? nothing : html`<button type="button" class="small" data-act="settings" @click=${() => toForm(run)}>Settings to the form</button>`}
    ${run.hasWeights ? html`<button type="button" class="small" data-act="weights" @click=${() => saveWeights(run)}>Weights</button>` : nothing}
    ${
      run.origin === 'example'
        ? nothing
        : html`<button type="button" class="small" data-act="export" @click=${() => saveRun(run)}>Whole run</button>
            <button type="button" class="small" aria-pressed=${run.pinned} @click=${() => pin(run)}>
              ${run.pinned ? 'Unpin' : 'Pin'}
            </button>
            <button type="button" class="small" data-act="delete" ?disabled=${run.state === 'running'} @click=${() => remove(run)}>
              Delete
            </button>`
    }
  `;
}

/** A table of what shown runs differ in, as far as it is known. */
export function settingsTable(runs: readonly RunRecord[]): TemplateResult | typeof nothing {
  const known = runs.filter(isKnown);
  const [first, ...others] = known;
  if (first === undefined || others.length === 0) return nothing;
  const fields = new Set(others.flatMap((run) => differingFields(run, first)));
  if (fields.size === 0) {
    return known.length < runs.length
      ? nothing
      : html`<p class="help">The shown runs have the same settings.</p>`;
  }
  return html`<h2>Settings that differ between the shown runs</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Settings that differ">
    <table class="words stacked">
      <thead>
        <tr>
          <th scope="col">Run</th>
          ${[...fields].map(({ label }) => html`<th scope="col">${label}</th>`)}
          <th scope="col">Test</th>
        </tr>
      </thead>
      <tbody>
        ${known.map(
          (run) =>
            html`<tr>
              <th scope="row">${run.name}</th>
              ${[...fields].map((field) => html`<td data-label=${field.label}>${field.read(run)}</td>`)}
              <td data-label="Test">${testText(run)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const testText = (run: RunRecord): TemplateResult | string => {
  const tests = testedSeeds(run).map(({ testAccuracy }) => testAccuracy);
  if (tests.length === 0) return '–';
  const viewed = testsOverViews(run);
  if (viewed.length === 0) return spread(tests);
  return html`<span>${spread(tests)}<br /><span class="quiet">${spread(viewed)} ${overViewsWords(run.train.testViews)}</span></span>`;
};
