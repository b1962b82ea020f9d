import { effect, type ReadonlySignal, signal } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';
import { live as synced } from 'lit-html/directives/live.js';
import { formatBenchFile } from '../../../measure/schema.ts';
import { warningsOf } from '../../../measure/warnings.ts';
import { copyLink } from '../../copy-link.ts';
import type { LabGroup } from '../../engine/protocol.ts';
import { duration, shortTime } from '../../format.ts';
import type { App } from '../../model/app.ts';
import type { Form } from '../../model/form.ts';
import type { LabLink } from '../../model/lab-link.ts';
import { canTrain } from '../../model/status.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { saveFile } from '../../save-file.ts';
import { paint } from '../paint.ts';
import { refusedView } from '../refused-view.ts';
import { clockText } from './clock-text.ts';
import { type DotScale, hasInterval, intervalPicture, scaleOf } from './interval-picture.ts';
import { isIdle, LabControl, type Measured } from './lab-control.ts';
import { lineDiff } from './line-diff.ts';
import type { RankedRow } from './ranking.ts';
import { stepView } from './step-view.ts';
import './kernels.css';

/** Time of a group on an idle machine: compiling, checking, 41 rounds. */
const secondsPerGroup = 3;
/** Products that are as wide as they are long and deep: what GPUs are compared by. */
const squares = [256, 512, 1024];

export interface KernelsContext {
  readonly app: App;
  readonly training: TrainingControl;
  /** Set when a link to a kernel comes. */
  readonly link: ReadonlySignal<LabLink | undefined>;
  readonly isShown: () => boolean;
}

export function mountKernels(root: HTMLElement, { app, training, link, isShown }: KernelsContext): void {
  const lab = new LabControl(app, training);
  /** Texts that are shown: one variant's, or the difference of two. */
  const shown = signal<readonly string[]>([]);
  let listed: { readonly form: Form; readonly link: LabLink | undefined } | undefined;
  effect(() => {
    const [form, asked] = [training.form.value, link.value];
    if (!isShown() || lab.isBusy.value || !canTrain(app.gpu.value)) return;
    if (listed?.form === form && listed.link === asked) return;
    const isNewLink = listed?.link !== asked;
    listed = { form, link: asked };
    void lab.list(isNewLink ? asked : undefined);
  });
  paint(
    root,
    () =>
      html`${choiceView(app, training, lab)} ${resultView(lab, shown)} ${stepView(app, training, lab)} ${footView(app, lab)}`,
  );
}

function choiceView(app: App, training: TrainingControl, lab: LabControl): TemplateResult {
  const group = lab.selected;
  const busy = lab.isBusy.value;
  const progress = lab.progress.value;
  const { length } = lab.groups.value;
  const all = length === 0 ? '' : ` and ${duration(1000 * secondsPerGroup * length)} for all ${length}`;
  const isReady =
    canTrain(app.gpu.value) &&
    isIdle(app.run.value) &&
    group !== undefined &&
    lab.wantedVariants(group).length > 0;
  return html`<section class="card lab" aria-label="What to measure">
    <h2>Time kernels on this adapter</h2>
    ${refusedView(training.refused)}
    <p class="help">
      Each variant is compared with the float64 reference first, then timed side by side with the others, as npm run bench does. A training in progress
      pauses meanwhile.
    </p>
    <div class="field">
      <label for="lab-group">Op and shape</label>
      <select
        id="lab-group"
        ?disabled=${busy}
        @change=${(event: Event) => {
          lab.selectedId.value = (event.target as HTMLSelectElement).value;
        }}
      >
        ${lab.groups.value.map(({ id, title, usedBy }) => {
          const where = usedBy.length === 0 ? '' : ` (${usedBy[0]}${usedBy.length > 1 ? ', …' : ''})`;
          return html`<option value=${id} .selected=${synced(id === group?.id)}>${title}${where}</option>`;
        })}
      </select>
    </div>
    <form
      class="field"
      @submit=${(event: Event) => {
        event.preventDefault();
        void lab.listProduct();
      }}
    >
      <label for="lab-product">Matrix products of M, N, K</label>
      <span class="control">
        <input
          type="text"
          id="lab-product"
          inputmode="numeric"
          .value=${lab.product.value}
          @input=${(event: Event) => {
            lab.product.value = (event.target as HTMLInputElement).value;
          }}
        />
        <button type="submit" class="small" ?disabled=${busy}>Add shape</button>
      </span>
      <p class="help">
        Squares:
        ${squares.map(
          (n) =>
            html`<button
              type="button"
              class="link"
              aria-label="Add ${n} × ${n} × ${n}"
              ?disabled=${busy}
              @click=${() => {
                lab.product.value = `${n}, ${n}, ${n}`;
                void lab.listProduct();
              }}
            >
              ${n}
            </button>`,
        )}
      </p>
      <p class="help">The other shapes are those of the net in the Train view’s form.</p>
    </form>
    ${group === undefined ? nothing : variantsView(lab, group, busy)}
    <p class="buttons">
      ${
        busy
          ? html`<button type="button" data-act="lab-stop" ?disabled=${lab.isStopping.value} @click=${() => lab.stop()}>
              Stop
            </button>`
          : html`<button
                type="button"
                class="primary"
                data-act="lab-run"
                ?disabled=${!isReady}
                @click=${() => void lab.runSelected()}
              >
                Run
              </button>
              <button type="button" ?disabled=${!isReady} @click=${() => lab.run(lab.groups.peek())}>
                Run all ${length}
              </button>`
      }
      <span class="help" id="lab-progress"
        >${
          progress === undefined
            ? `on an idle machine about ${secondsPerGroup} s for one${all}, the first time also the adapter’s peaks`
            : `${progress.what}${progress.total > 0 ? `, round ${progress.done} of ${progress.total}` : ''}`
        }</span
      >
    </p>
    ${lab.problem.value === '' ? nothing : html`<p class="alarm" role="alert">${lab.problem.value}</p>`}
  </section>`;
}

const variantsView = (lab: LabControl, group: LabGroup, busy: boolean): TemplateResult => html`<fieldset
  class="variants"
  ?disabled=${busy}
>
  <legend>Variants</legend>
  ${group.variants.map(
    (name) =>
      html`<label
        ><input
          type="checkbox"
          .checked=${lab.wantedVariants(group).includes(name)}
          @change=${() => lab.toggle(group, name)}
        />
        ${name}${name === group.defaultVariant ? ' (default)' : ''}</label
      >`,
  )}
  ${skippedByReason(group).map(([reason, names]) => html`<p class="help">${names.join(', ')}: ${reason}</p>`)}
</fieldset>`;

const skippedByReason = ({
  skipped,
}: LabGroup): readonly (readonly [reason: string, names: readonly string[]])[] => {
  const reasons = [...new Set(skipped.map(({ reason }) => reason))];
  return reasons.map((each) => [
    each,
    skipped.filter(({ reason }) => reason === each).map(({ name }) => name),
  ]);
};

function resultView(lab: LabControl, shown: { value: readonly string[] }): TemplateResult | typeof nothing {
  const group = lab.selected;
  const measured = group && lab.results.value.get(group.id);
  if (group === undefined || measured === undefined) return nothing;
  const { ranked } = measured;
  const scale = scaleOf(ranked.rows);
  const hasUntold = ranked.rows.some(({ time, letters }) => time !== undefined && letters === '');
  const warnings = warningsOf(measured.group);
  return html`<section class="card" aria-label="Result">
    <h2>${measured.group.title}</h2>
    ${
      ranked.unranked === ''
        ? html`<p class="help">
            Same letter: not told apart (5 % for the whole table).
            ${hasUntold ? 'No letter: too few rounds to tell.' : ''}
            ${scale.isLog ? 'The dots stand on a logarithmic scale.' : ''}
          </p>`
        : html`<p class="alarm" id="unranked">${ranked.unranked}</p>`
    }
    <div class="scroll" tabindex="0" role="region" aria-label="Times of the variants">
      <table id="lab-result" class="stacked">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col">Checked</th>
            <th scope="col">Median</th>
            <th scope="col">95 %</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">GB/s</th>
            <th scope="col">Of the peak</th>
            <th scope="col">Group</th>
            <th scope="col"><span class="for-ears">Picture</span></th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          ${ranked.rows.map((row) => rowView(lab, measured, row, scale, shown))}
        </tbody>
      </table>
    </div>
    ${lab.used.value?.op === measured.group.op ? html`<p class="help" id="lab-used">${lab.used.value.text}</p>` : nothing}
    ${warnings.length === 0 ? nothing : html`<ul class="help">${warnings.map((line) => html`<li>${line}</li>`)}</ul>`}
    <p class="buttons">
      <button
        type="button"
        class="small"
        data-act="lab-save"
        @click=${() => saveFile('results.json', formatBenchFile(lab.file()))}
      >
        Save JSON
      </button>
      <button
        type="button"
        class="small"
        data-act="lab-link"
        @click=${(event: Event) => copyLink(`#/kernels?${lab.linkTo(group.id)}`, event)}
      >
        Copy link
      </button>
      <span class="help">The format of npm run bench: --baseline reads it.</span>
    </p>
    ${textView(measured, shown.value)}
  </section>`;
}

function rowView(
  lab: LabControl,
  { group }: Measured,
  row: RankedRow,
  scale: DotScale,
  shown: { value: readonly string[] },
): TemplateResult {
  const { name, isRight, how, isDefault, time, gflops, gbPerSecond, share, letters } = row;
  const isShown = shown.value.includes(name);
  return html`<tr data-variant=${name}>
    <th scope="row">${name}${isDefault ? ' *' : ''}</th>
    <td data-label="Checked" class=${isRight ? '' : 'alarm'} title=${how}>${isRight ? 'yes' : 'wrong'}</td>
    <td data-label="Median">${time === undefined ? '–' : shortTime(time.value)}</td>
    <td data-label="95 %">${time === undefined || !hasInterval(time) ? '–' : `${shortTime(time.low)} to ${shortTime(time.high)}`}</td>
    <td data-label="GFLOP/s">${time === undefined || gflops === 0 ? '–' : gflops.toPrecision(3)}</td>
    <td data-label="GB/s">${time === undefined ? '–' : gbPerSecond.toPrecision(3)}</td>
    <td data-label="Of the peak">${share === undefined ? '–' : `${(100 * share).toFixed(0)} %`}</td>
    <td data-label="Group">${letters}</td>
    <td>${intervalPicture(row, scale)}</td>
    <td class="actions">
      <button
        type="button"
        class="small"
        aria-pressed=${isShown}
        @click=${() => {
          const others = shown.value.filter((each) => each !== name);
          shown.value = isShown ? others : [...others, name].slice(-2);
        }}
      >
        WGSL
      </button>
      ${
        isRight
          ? html`<button
              type="button"
              class="small"
              data-act="lab-use"
              aria-pressed=${lab.isUsed(group.op, name)}
              @click=${() => lab.use(group.op, name)}
            >
              Use for training
            </button>`
          : nothing
      }
    </td>
  </tr>`;
}

/** One text, or the difference of two. */
function textView({ sources }: Measured, shown: readonly string[]): TemplateResult | typeof nothing {
  const [first, second] = shown.filter((name) => name in sources);
  if (first === undefined) return nothing;
  if (second === undefined) {
    return html`<h3>${first}, as compiled</h3>
      <pre tabindex="0" class="wgsl">${sources[first]}</pre>`;
  }
  const marks = { same: ' ', removed: '-', added: '+' } as const;
  return html`<h3>From ${first} to ${second}</h3>
    <pre tabindex="0" class="wgsl">${lineDiff(sources[first]!, sources[second]!).map(
      ({ kind, text }) => html`<span class="diff-${kind}">${marks[kind]} ${text}${'\n'}</span>`,
    )}</pre>`;
}

function footView(app: App, lab: LabControl): TemplateResult | typeof nothing {
  const gpu = app.gpu.value;
  if (!('report' in gpu)) return nothing;
  const { name, timestamps } = gpu.report;
  return html`<p class="help">
    ${name}; timed by ${clockText(timestamps, lab.measuredGroups)};
    ${navigator.userAgent}. * what the engine takes without measurements.
  </p>`;
}
