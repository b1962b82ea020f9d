import { html, nothing, type TemplateResult } from 'lit-html';
import { live as synced } from 'lit-html/directives/live.js';
import { fieldGroups, type SettingField, settingFields } from '../../../experiments/setting-fields.ts';
import type { TrainSettings } from '../../../train/settings.ts';
import { copyLink } from '../../copy-link.ts';
import { count, duration, megabytes, milliseconds } from '../../format.ts';
import type { App } from '../../model/app.ts';
import {
  differences,
  emptyForm,
  type Form,
  isChanged,
  mostSeeds,
  readForm,
  startingPoint,
  startingPoints,
  textOf,
  usualText,
  withText,
} from '../../model/form.ts';
import { linkOf } from '../../model/link.ts';
import { canTrain, hasData, isBusy } from '../../model/status.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { runButtons } from '../header.ts';

/** The settings, and the button that trains with them. */
export function formView(app: App, training: TrainingControl): TemplateResult {
  const form = training.form.value;
  const { train, problems } = readForm(form);
  const change = (next: Form) => {
    training.form.value = next;
  };
  const start = startingPoint(form.start);
  return html`<form
    class="card settings"
    aria-label="Settings"
    @submit=${(event: Event) => {
      event.preventDefault();
      void training.start(training.form.peek());
    }}
  >
    ${refusedView(training)}
    <div class="field">
      <label for="start">Experiment</label>
      <select
        id="start"
        aria-describedby="start-help"
        @change=${(event: Event) => {
          const id = (event.target as HTMLSelectElement).value;
          const { seeds, usesTuned } = training.form.peek();
          change({ ...emptyForm(id), seeds, usesTuned });
        }}
      >
        ${startingPoints.map(
          ({ id, label }) => html`<option value=${id} .selected=${synced(id === start.id)}>${label}</option>`,
        )}
      </select>
      <p class="help" id="start-help">${start.what}</p>
    </div>
    ${plainField(
      'seeds',
      'Seeds',
      form.seeds,
      `1 to ${mostSeeds}: so many nets train at once, as a population`,
      problems.seeds,
      (seeds) => change({ ...training.form.peek(), seeds }),
    )}
    ${fieldGroups.map((group) => {
      const fields = settingFields.filter((field) => field.group === group);
      const changed = fields.filter(({ option }) => isChanged(form, option)).length;
      const wrong = fields.some(({ option }) => problems[option] !== undefined);
      return html`<details class="group" ?open=${wrong}>
        <summary>
          ${group}${changed === 0 ? nothing : html` <span class="changed">${changed} changed</span>`}
        </summary>
        ${fields.map((field) => fieldView(field, form, problems[field.option], change, training))}
        ${group === 'Data' ? runFields(form, problems, change, training) : nothing}
      </details>`;
    })}
    <p class="estimate" id="estimate">${estimateText(training, train)}</p>
    <div class="buttons">${buttons(app, training, problems)}</div>
    <p class="links">
      <button type="button" class="link" @click=${(event: Event) => copyLink(`#/train?${linkOf(form)}`, event)}>Copy link</button>
      ${isBusy(app.run.value) ? nothing : html`<span class="help">The link carries these settings; nothing starts by itself.</span>`}
    </p>
  </form>`;
}

function refusedView({ refused }: TrainingControl): TemplateResult | typeof nothing {
  if (refused.value.length === 0) return nothing;
  return html`<div class="refused" role="alert">
    <p>Of the link, this could not be used:</p>
    <ul>
      ${refused.value.map((line) => html`<li>${line}</li>`)}
    </ul>
    <button type="button" class="link" @click=${() => (refused.value = [])}>Dismiss</button>
  </div>`;
}

function fieldView(
  field: SettingField,
  form: Form,
  problem: string | undefined,
  change: (form: Form) => void,
  training: TrainingControl,
): TemplateResult {
  const { option, label, help, choices, isSwitch, inputMode } = field;
  const id = `field-${option}`;
  const text = textOf(form, option);
  const changed = isChanged(form, option);
  const set = (value: string) => change(withText(training.form.peek(), option, value));
  const described = `${id}-help${problem === undefined ? '' : ` ${id}-problem`}`;
  const input =
    isSwitch === true
      ? html`<input
          type="checkbox"
          id=${id}
          aria-describedby=${described}
          .checked=${synced(text === 'yes')}
          @change=${(event: Event) => set((event.target as HTMLInputElement).checked ? 'yes' : 'no')}
        />`
      : choices !== undefined
        ? html`<select
            id=${id}
            aria-describedby=${described}
            @change=${(event: Event) => set((event.target as HTMLSelectElement).value)}
          >
            ${choices.map((choice) => html`<option value=${choice} .selected=${synced(choice === text)}>${choice}</option>`)}
          </select>`
        : html`<input
            type="text"
            id=${id}
            inputmode=${inputMode ?? 'text'}
            autocomplete="off"
            spellcheck="false"
            aria-describedby=${described}
            aria-invalid=${problem === undefined ? 'false' : 'true'}
            .value=${synced(text)}
            @input=${(event: Event) => set((event.target as HTMLInputElement).value)}
          />`;
  return html`<div class="field" data-changed=${changed}>
    <label for=${id}>${label}</label>
    <span class="control">
      ${input}
      ${
        changed
          ? html`<button
              type="button"
              class="reset"
              aria-label="Reset ${label} to ${usualText(form, option)}"
              title="Reset to ${usualText(form, option)}"
              @click=${() => set(usualText(training.form.peek(), option))}
            >
              ↺
            </button>`
          : nothing
      }
    </span>
    ${problemView(id, label, problem)}
    <p class="help" id="${id}-help">${help}</p>
  </div>`;
}

const problemView = (id: string, label: string, problem: string | undefined) =>
  problem === undefined
    ? nothing
    : html`<p class="problem" id="${id}-problem">${problem.startsWith('must') ? `${label} ` : ''}${problem}</p>`;

function plainField(
  option: string,
  label: string,
  text: string,
  help: string,
  problem: string | undefined,
  set: (text: string) => void,
): TemplateResult {
  const id = `field-${option}`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input
      type="text"
      id=${id}
      inputmode="numeric"
      autocomplete="off"
      aria-describedby="${id}-help${problem === undefined ? '' : ` ${id}-problem`}"
      aria-invalid=${problem === undefined ? 'false' : 'true'}
      .value=${synced(text)}
      @input=${(event: Event) => set((event.target as HTMLInputElement).value)}
    />
    ${problemView(id, label, problem)}
    <p class="help" id="${id}-help">${help}</p>
  </div>`;
}

/** What is no setting of the net: how long, in which order, with which kernels. */
function runFields(
  form: Form,
  problems: Readonly<Record<string, string>>,
  change: (form: Form) => void,
  training: TrainingControl,
): TemplateResult {
  const check = (id: string, label: string, help: string, checked: boolean, set: (on: boolean) => void) =>
    html`<div class="field">
      <label for=${id}>${label}</label>
      <input
        type="checkbox"
        id=${id}
        aria-describedby="${id}-help"
        .checked=${synced(checked)}
        @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}
      />
      <p class="help" id="${id}-help">${help}</p>
    </div>`;
  const forced = Object.entries(form.variants);
  return html`
    ${plainField('steps', 'Steps', form.steps, 'Empty: all cycles.', problems.steps, (steps) =>
      change({ ...training.form.peek(), steps }),
    )}
    ${check(
      'field-shuffle',
      'New order each epoch',
      'Without it the images come in file order.',
      form.shuffle,
      (shuffle) => change({ ...training.form.peek(), shuffle }),
    )}
    ${check(
      'field-tuned',
      'Measured kernels',
      'Use the variants that were measured on this device (Kernels view); results may differ in the third digit.',
      form.usesTuned,
      (usesTuned) => change({ ...training.form.peek(), usesTuned }),
    )}
    <div class="field">
      <label for="field-init">Initial weights from a file</label>
      <input
        type="file"
        id="field-init"
        accept=".safetensors"
        aria-describedby="field-init-help"
        @change=${async (event: Event) => {
          const [file] = (event.target as HTMLInputElement).files ?? [];
          training.initial.value =
            file === undefined
              ? undefined
              : { name: file.name, file: new Uint8Array(await file.arrayBuffer()) };
        }}
      />
      <p class="help" id="field-init-help">Safetensors with PyTorch’s names; without a file they are random, from the seed.</p>
    </div>
    ${
      forced.length === 0
        ? nothing
        : html`<p class="field">
            Forced: ${forced.map(([op, name]) => `${op} = ${name}`).join(', ')}
            <button type="button" class="link" @click=${() => change({ ...training.form.peek(), variants: {} })}>
              Reset
            </button>
          </p>`
    }
  `;
}

function buttons(
  app: App,
  training: TrainingControl,
  problems: Readonly<Record<string, string>>,
): TemplateResult {
  const run = app.run.value;
  const data = app.data.value;
  const wrong = Object.keys(problems).length > 0;
  if (isBusy(run)) {
    const live = training.live.value;
    const changed = live === undefined ? [] : differences(training.form.value, live.form);
    return html`${runButtons(app, training)}
    ${
      changed.length === 0
        ? nothing
        : html`<button
            type="button"
            data-act="restart"
            title=${changed.join(', ')}
            ?disabled=${wrong}
            @click=${() => training.restart(training.form.peek())}
          >
            Start as a new run (${changed.length} ${changed.length === 1 ? 'change' : 'changes'})
          </button>`
    }`;
  }
  const needs = data.state === 'absent' ? data.missingBytes : 0;
  const label = needs > 0 ? `Download ${megabytes(needs)} MB and train` : 'Train';
  const isReady =
    canTrain(app.gpu.value) && (hasData(data) || data.state === 'absent' || data.state === 'error');
  return html`<button type="submit" class="primary" data-act="train" ?disabled=${!isReady || wrong}>${label}</button>`;
}

/** Parameters, memory and time of what the form says. */
function estimateText(training: TrainingControl, train: TrainSettings): string {
  const size = training.sizeOf(train);
  const parts = size === undefined ? [] : [`${count(size.parameters)} parameters`];
  if (size?.bytes) parts.push(`${megabytes(184e6 + size.bytes)} MB on the GPU`);
  parts.push(`${count(train.steps)} steps`);
  const pace = training.paceOf(train);
  if (pace === undefined) parts.push('time: known after the first steps');
  else parts.push(`about ${duration(train.steps * pace)} at ${milliseconds(pace)} ms per step`);
  return parts.join(' · ');
}
