import { html, noChange, nothing, type TemplateResult } from 'lit-html';
import { live as synced } from 'lit-html/directives/live.js';
import {
  capital,
  fieldGroups,
  type SettingField,
  settingFields,
} from '../../../experiments/setting-fields.ts';
import type { TrainSettings } from '../../../train/settings.ts';
import { copyLink } from '../../copy-link.ts';
import { count, duration, megabytes, milliseconds } from '../../format.ts';
import type { App } from '../../model/app.ts';
import {
  emptyForm,
  type Form,
  familyDifferences,
  isChanged,
  labelOf,
  mostSeeds,
  type ReadForm,
  readForm,
  runChanges,
  startingPoint,
  startingPoints,
  textOf,
  usualText,
  variantsText,
  withText,
} from '../../model/form.ts';
import { linkOf } from '../../model/link.ts';
import { canTrain, hasData, isBusy, missingBytes } from '../../model/status.ts';
import { measuringText, trainLabel } from '../../model/texts.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { runButtons } from '../header.ts';
import { refusedView } from '../refused-view.ts';

/** The settings, and the button that trains with them. */
export function formView(app: App, training: TrainingControl): TemplateResult {
  const form = training.form.value;
  const read = readForm(form);
  const { train, problems } = read;
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
    ${refusedView(training.refused)}
    <div class="field">
      <label for="start">Experiment</label>
      <select
        id="start"
        aria-describedby="start-help"
        @change=${(event: Event) => startFrom(training, textIn(event))}
      >
        ${(startingPoints.includes(start) ? startingPoints : [...startingPoints, start]).map(
          ({ id, label }) => html`<option value=${id} .selected=${synced(id === start.id)}>${label}</option>`,
        )}
      </select>
      <p class="help" id="start-help">${capital(start.what)}.</p>
      ${replacedView(training, change)}
    </div>
    ${textField(
      {
        id: 'field-seeds',
        label: 'Seeds',
        help: `From 1 to ${mostSeeds}: a net for each of them, all trained at the same time.`,
        problem: problems.seeds,
        changed: form.seeds !== '1',
        usual: '1',
      },
      form.seeds,
      (seeds) => change({ ...training.form.peek(), seeds }),
    )}
    ${fieldGroups.map((group) => {
      const fields = settingFields.filter((field) => field.group === group);
      const isData = group === 'Data';
      const changed =
        fields.filter(({ option }) => isChanged(form, option)).length +
        (isData
          ? runChanges(form) + Number(form.usesTuned) + Number(training.initial.file.value !== undefined)
          : 0);
      const wrong =
        fields.some(({ option }) => problems[option] !== undefined) ||
        (isData && problems.steps !== undefined);
      // Opened for what is wrong, and closed by hand alone: a value is wrong for a moment while it is typed.
      return html`<details class="group" ?open=${wrong ? synced(true) : noChange}>
        <summary>
          ${group}${changed === 0 ? nothing : html` <span class="changed">${changed} changed</span>`}
        </summary>
        ${fields.map((field) => fieldView(field, form, read, change, training))}
        ${isData ? runFields(form, problems, change, training) : nothing}
      </details>`;
    })}
    <p class="estimate" id="estimate">${estimateText(training, train)}</p>
    <div class="buttons">${buttons(app, training, problems)}</div>
    ${wrongView(problems)}
    <p class="links">
      <button type="button" class="link" @click=${(event: Event) => copyLink(`#/train?${linkOf(form)}`, event)}>Copy link</button>
      ${isBusy(app.run.value) ? nothing : html`<span class="help">The link carries these settings; nothing starts by itself.</span>`}
    </p>
  </form>`;
}

/** Another starting point in the place of what stands in the form. */
function startFrom(training: TrainingControl, start: string): void {
  const { seeds, usesTuned } = training.form.peek();
  training.replaceForm({ ...emptyForm(start), seeds, usesTuned });
}

/** The way back from another form, where something was changed. */
function replacedView({ replaced, form }: TrainingControl, change: Changer): TemplateResult | typeof nothing {
  const { value } = replaced;
  if (value?.by !== form.value) return nothing;
  const changed = Object.entries(value.form.texts);
  const changes = runChanges(value.form);
  if (changed.length + changes === 0) return nothing;
  // A net whose family's settings were taken is still there.
  const reset = changed.filter(([option, text]) => text !== textOf(value.by, option)).length + changes;
  return html`<p class="help" role="status">
    ${
      reset === 0
        ? 'These settings were taken.'
        : `${reset} changed ${reset === 1 ? 'setting was' : 'settings were'} reset.`
    }
    <button type="button" class="link" data-act="undo" @click=${() => change(value.form)}>Undo</button>
  </p>`;
}

/** A net that was named beside other settings than its family's, which the command line would train it with: offered, since a name is typed letter by letter. */
function familyView(form: Form, read: ReadForm, training: TrainingControl): TemplateResult | undefined {
  const count = familyDifferences(form, read);
  const net = read.settings.net!;
  return count === 0
    ? undefined
    : html`<p class="help" id="family">
        Its family is trained with other values of ${count} ${count === 1 ? 'setting' : 'settings'}.
        <button type="button" class="link" data-act="family" @click=${() => startFrom(training, net)}>Take those of ${net}</button>
      </p>`;
}

/** What is in the way of training, where the button is that cannot be pressed. */
function wrongView(problems: Readonly<Record<string, string>>): TemplateResult | typeof nothing {
  const wrong = Object.keys(problems);
  return wrong.length === 0
    ? nothing
    : html`<p class="problem">To be corrected first: ${wrong.map(labelOf).join(', ')}.</p>`;
}

type Changer = (form: Form) => void;

/** One setting: its name, what sets it, what is wrong with it, and where it is changed the way back. */
function frame(
  { id, label, help, problem, changed = false, usual, note }: FieldFrame,
  input: TemplateResult,
  reset: (event: Event) => void,
): TemplateResult {
  return html`<div class="field" data-changed=${changed}>
    <label for=${id}>${label}</label>
    <span class="control">
      ${input}
      ${
        changed
          ? html`<button type="button" class="reset" aria-label="Reset ${label} to ${usual}" title="Reset to ${usual}" @click=${reset}>
              ↺
            </button>`
          : nothing
      }
    </span>
    ${problem === undefined ? nothing : html`<p class="problem" id="${id}-problem">${problemText(label, problem)}</p>`}
    ${note}
    <p class="help" id="${id}-help">${help}</p>
  </div>`;
}

interface FieldFrame {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly problem?: string | undefined;
  readonly changed?: boolean;
  /** What Reset leads to, in words. */
  readonly usual?: string;
  /** More that is to be said of what stands in it. */
  readonly note?: TemplateResult | undefined;
}

/** What was got stands in the field; numbers as the page writes them, but for those that are to be typed. */
const problemText = (label: string, problem: string): string =>
  `${/^(must|is|cannot) /.test(problem) ? `${label} ` : ''}${problem.replace(/, got ".*/s, '')}`.replace(
    /(?<![:.\d])\d{4,}/g,
    (number) => count(Number(number)),
  );

const described = ({ id, problem }: FieldFrame): string =>
  `${id}-help${problem === undefined ? '' : ` ${id}-problem`}`;

const textIn = (event: Event): string => (event.target as HTMLInputElement).value;

function textField(
  about: FieldFrame,
  text: string,
  set: (text: string) => void,
  inputMode = 'numeric',
  disabled = false,
): TemplateResult {
  return frame(
    { usual: 'empty', ...about },
    html`<input
      type="text"
      id=${about.id}
      inputmode=${inputMode}
      autocomplete="off"
      spellcheck="false"
      aria-describedby=${described(about)}
      aria-invalid=${about.problem !== undefined}
      ?disabled=${disabled}
      .value=${synced(text)}
      @input=${(event: Event) => set(textIn(event))}
    />`,
    () => set(about.usual ?? ''),
  );
}

const checkField = (
  about: FieldFrame,
  checked: boolean,
  set: (on: boolean) => void,
  disabled = false,
): TemplateResult =>
  frame(
    { usual: checked ? 'no' : 'yes', ...about },
    html`<input
      type="checkbox"
      id=${about.id}
      aria-describedby=${described(about)}
      ?disabled=${disabled}
      .checked=${synced(checked)}
      @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}
    />`,
    () => set(!checked),
  );

function fieldView(
  field: SettingField,
  form: Form,
  read: ReadForm,
  change: Changer,
  training: TrainingControl,
): TemplateResult {
  const { settings, problems } = read;
  const { option, label, help, choices, isSwitch, inputMode } = field;
  const about = {
    id: `field-${option}`,
    label,
    help,
    problem: problems[option],
    changed: isChanged(form, option),
    usual: usualText(form, option),
    note: option === 'net' ? familyView(form, read, training) : undefined,
  };
  // One that was not touched says what is trained: another optimizer brings values of its own.
  const text = Object.hasOwn(form.texts, option) ? form.texts[option]! : field.read(settings);
  const disabled = field.isFor?.(settings) === false;
  const set = (value: string) => change(withText(training.form.peek(), option, value));
  if (isSwitch === true) return checkField(about, text === 'yes', (on) => set(on ? 'yes' : 'no'), disabled);
  if (choices === undefined) return textField(about, text, set, inputMode ?? 'text', disabled);
  return frame(
    about,
    html`<select id=${about.id} ?disabled=${disabled} aria-describedby=${described(about)} @change=${(event: Event) => set(textIn(event))}>
      ${choices.map((choice) => html`<option value=${choice} .selected=${synced(choice === text)}>${choice}</option>`)}
    </select>`,
    () => set(about.usual),
  );
}

/** What is no setting of the net: how long, in which order, with which kernels. */
function runFields(
  form: Form,
  problems: Readonly<Record<string, string>>,
  change: Changer,
  training: TrainingControl,
): TemplateResult {
  const forced = variantsText(form.variants);
  const { initial } = training;
  const take = async (input: HTMLInputElement, file?: File) => {
    await initial.take(file);
    // One that was refused, or let go of, can be chosen again.
    if (!initial.isChecking.peek() && initial.file.peek() === undefined) input.value = '';
  };
  const about = {
    id: 'field-init',
    label: 'Initial weights from a file',
    help: 'Safetensors with PyTorch’s names; without a file they are random, from the seed.',
    problem: initial.problem.value,
    changed: initial.file.value !== undefined,
    usual: 'random ones',
  };
  return html`
    ${textField(
      {
        id: 'field-steps',
        label: 'Steps',
        help: 'Empty: all cycles.',
        problem: problems.steps,
        changed: form.steps !== '',
      },
      form.steps,
      (steps) => change({ ...training.form.peek(), steps }),
    )}
    ${checkField(
      {
        id: 'field-shuffle',
        label: 'New order each epoch',
        help: 'Without it the images come in file order.',
        changed: !form.shuffle,
      },
      form.shuffle,
      (shuffle) => change({ ...training.form.peek(), shuffle }),
    )}
    ${checkField(
      {
        id: 'field-tuned',
        label: 'Measured kernels',
        help: 'Use the variants that were measured on this device (Kernels view); results may differ in the third digit.',
        changed: form.usesTuned,
      },
      form.usesTuned,
      (usesTuned) => change({ ...training.form.peek(), usesTuned }),
    )}
    ${frame(
      about,
      html`<input
        type="file"
        id="field-init"
        accept=".safetensors"
        aria-describedby=${described(about)}
        @change=${({ target }: Event) => take(target as HTMLInputElement, (target as HTMLInputElement).files?.[0])}
      />`,
      () => take(document.getElementById('field-init') as HTMLInputElement),
    )}
    ${
      forced === ''
        ? nothing
        : html`<p class="field" data-changed="true">
            Forced: ${forced}
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
  const waits = app.isMeasuring.value
    ? measuringText
    : training.initial.isChecking.value
      ? 'The weights are being checked.'
      : '';
  const wrong = waits !== '' || Object.keys(problems).length > 0;
  const why = waits === '' ? nothing : html`<span class="help" id="waits">${waits}</span>`;
  if (isBusy(run)) {
    const changed = training.changes;
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
    }
    ${why}`;
  }
  const isReady =
    canTrain(app.gpu.value) && (hasData(data) || data.state === 'absent' || data.state === 'error');
  return html`<button type="submit" class="primary" data-act="train" ?disabled=${!isReady || wrong}>${trainLabel('Train', missingBytes(data))}</button> ${why}`;
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
