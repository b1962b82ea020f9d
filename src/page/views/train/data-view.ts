import { html, nothing, type TemplateResult } from 'lit-html';
import { duration, megabytes } from '../../format.ts';
import type { App } from '../../model/app.ts';

/** Consent: what is needed, how much, from where, and where it is kept. Nothing where the data are here. */
export function dataView(app: App): TemplateResult | typeof nothing {
  const data = app.data.value;
  const from = new URL(app.dataUrl).host;
  switch (data.state) {
    case 'absent':
      return html`<section class="card data" aria-label="Data">
        <h2>CIFAR-10 is needed</h2>
        <p>
          60,000 small pictures of ten kinds of things, ${megabytes(data.missingBytes)} MB, from ${from}.
          ${
            data.canKeep
              ? 'They are kept in this browser, for this page alone, until you delete them.'
              : `They stay in this tab’s memory and are gone with it: ${data.why}.`
          }
        </p>
        ${dataButtons(app, 'Download')}
      </section>`;
    case 'error':
      return html`<div class="data">${dataButtons(app, 'Download')}</div>`;
    case 'downloading': {
      const { doneBytes, totalBytes, bytesPerSecond } = data;
      const speed =
        bytesPerSecond > 0
          ? `, ${megabytes(bytesPerSecond)} MB/s, ${duration((1000 * (totalBytes - doneBytes)) / bytesPerSecond)} left`
          : '';
      return workOnData(app, 'Downloading CIFAR-10', data, speed);
    }
    case 'checking':
      return workOnData(app, 'Checking CIFAR-10', data);
    case 'this-tab':
      return html`<p class="card data quiet">The data stay in this tab’s memory and are gone with it: ${data.why}.</p>`;
    default:
      return nothing;
  }
}

/** One template, so that Cancel stays where it is and keeps the focus while downloads and checks take turns. */
const workOnData = (
  app: App,
  what: string,
  { doneBytes, totalBytes }: { readonly doneBytes: number; readonly totalBytes: number },
  speed = '',
): TemplateResult => html`<section class="card data" aria-label="Data">
  <h2>${what}</h2>
  <p>${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB${speed}</p>
  <progress max=${totalBytes} .value=${doneBytes} aria-label=${what}></progress>
  <button type="button" data-act="cancel-data" @click=${() => app.cancelData()}>Cancel</button>
</section>`;

const dataButtons = (app: App, label: string): TemplateResult => html`<div class="buttons">
  <button type="button" data-act="download" @click=${() => app.download()}>${label}</button>
  <label class="file">
    Choose files
    <input
      type="file"
      multiple
      id="data-files"
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        const files = [...(input.files ?? [])];
        input.value = '';
        if (files.length > 0) void app.takeFiles(files);
      }}
    />
  </label>
  <span class="help">cifar-10-binary.tar.gz, or the six .bin files; they may also be dropped on this page.</span>
</div>`;
