import { signal } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';
import { parseTuning, tuningText } from '../../../train/tuning-records.ts';
import { shortTime } from '../../format.ts';
import type { App } from '../../model/app.ts';
import { saveFile } from '../../save-file.ts';
import { keepTuning, readTuning, type TunedOps } from '../../store/tuning-store.ts';

/** The kernels that were measured on this adapter, and their file, which `npm run tune` reads and writes too. */
export class TunedCard {
  readonly #app: App;
  readonly #tuned = signal<TunedOps>({});
  /** What came of the last file. */
  readonly #said = signal('');

  constructor(app: App) {
    this.#app = app;
  }

  async refresh(): Promise<void> {
    const report = this.#app.report;
    if (report !== undefined) this.#tuned.value = await readTuning(report.tuningKey);
  }

  /** Keeps what a file says of this adapter. */
  async load(file: File): Promise<void> {
    const key = this.#app.report?.tuningKey;
    const { records, problem } = parseTuning(await file.text());
    const ops = key === undefined ? undefined : records[key];
    if (key !== undefined && ops !== undefined) {
      await keepTuning(key, ops);
      await this.refresh();
    }
    const of = Object.keys(ops ?? {}).length;
    if (of > 0) this.#say(`${file.name}: ${of} ${of === 1 ? 'op' : 'ops'} of this adapter.`);
    else if (problem !== undefined) this.#say(`${file.name} holds no measurements: ${problem}.`);
    else
      this.#say(
        `${file.name} was measured on another adapter, browser version or version of the kernels: nothing is taken from it.`,
      );
  }

  #say(text: string): void {
    this.#said.value = text;
    this.#app.announce(text);
  }

  view(): TemplateResult {
    const rows = Object.entries(this.#tuned.value);
    return html`<section class="card" aria-label="Measured kernels">
      <h2>Measured kernels</h2>
      ${rows.length === 0 ? html`<p>None on this adapter yet: the Kernels view measures them.</p>` : tableOf(rows)}
      <p class="buttons">
        <button type="button" class="small" data-act="save-tuning" ?disabled=${rows.length === 0} @click=${() => this.#save()}>
          Save JSON
        </button>
        <label class="file small">
          Load JSON
          <input
            type="file"
            id="tuning-file"
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              const [file] = input.files ?? [];
              if (file !== undefined) void this.load(file).finally(() => (input.value = ''));
            }}
          />
        </label>
      </p>
      ${this.#said.value === '' ? nothing : html`<p class="help" id="tuning-said">${this.#said.value}</p>`}
    </section>`;
  }

  #save(): void {
    const key = this.#app.report?.tuningKey;
    if (key !== undefined) saveFile('wgrad-tuning.json', tuningText({ [key]: this.#tuned.value }));
  }
}

const tableOf = (rows: readonly (readonly [string, TunedOps[string]])[]): TemplateResult =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="Table of measured kernels">
    <table class="words stacked">
      <thead>
        <tr>
          <th scope="col">Op and shape</th>
          <th scope="col">Fastest</th>
          <th scope="col">Times</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, { variant, us }]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td data-label="Fastest">${variant}</td>
              <td data-label="Times">${Object.entries(us)
                .map(([each, time]) => `${each} ${shortTime(1000 * time)}`)
                .join(', ')}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
