import { effect, type Signal, signal } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';
import { defaultDataset } from '../../../data/datasets/index.ts';
import { recordSetBytes } from '../../../data/record-set.ts';
import type { GpuReport, LimitReport } from '../../engine/protocol.ts';
import type { App } from '../../model/app.ts';
import { canTrain, type DataStatus, type GpuStatus, isBusy } from '../../model/status.ts';
import { gpuNotice } from '../../model/texts.ts';
import { saveFile } from '../../save-file.ts';
import { paint } from '../paint.ts';
import { bytesText, clockText, limitText } from './gpu-texts.ts';
import { TunedCard } from './tuned-card.ts';
import './gpu.css';

/** What this browser keeps for the page. */
interface Storage {
  readonly usage: number;
  readonly quota: number;
  readonly isPersisted: boolean;
}

/** The six files. */
const dataBytes = recordSetBytes(defaultDataset);

/** What of them is here; all of it where that is not known. */
const bytesHere = (data: DataStatus): number =>
  data.state === 'absent' ? dataBytes - data.missingBytes : dataBytes;

/** What a feature is good for here; features that are not listed make no difference. */
const consequences: Readonly<Record<string, readonly [withIt: string, without: string]>> = {
  'timestamp-query': [
    'Kernels are timed by the GPU itself.',
    'Kernels are timed from submit to done, which is coarser.',
  ],
  subgroups: [
    'Sums can be taken within a subgroup, and the first layer can read the images itself.',
    'Variants with subgroups are left out.',
  ],
  'shader-f16': [
    'Not used: everything is computed in 32 bits.',
    'Not used: everything is computed in 32 bits.',
  ],
};

const limitMeaning: Readonly<Record<string, string>> = {
  maxBufferSize: 'The training images are one buffer of 154 MB where it fits, otherwise two.',
  maxStorageBufferBindingSize: 'As above: what a kernel can see of a buffer.',
  maxComputeWorkgroupStorageSize: 'Larger tiles fit into a workgroup’s memory.',
  maxComputeInvocationsPerWorkgroup: 'Most invocations that work together.',
  maxComputeWorkgroupsPerDimension: 'Larger grids are folded.',
  maxStorageBuffersPerShaderStage: 'Every kernel gets by with 8.',
};

export function mountGpu(root: HTMLElement, app: App, isShown: () => boolean): void {
  const storage = signal<Storage | undefined>(undefined);
  const tuned = new TunedCard(app);
  /** What came of “Delete data”. */
  const deleted = signal('');
  const refresh = async () => {
    const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
    const isPersisted = (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
    const { usage = 0, quota = 0 } = estimate ?? {};
    storage.value = { usage, quota, isPersisted };
    await tuned.refresh();
  };
  effect(() => {
    void app.data.value;
    void app.gpu.value;
    if (isShown()) void refresh();
  });
  paint(root, () => {
    const gpu = app.gpu.value;
    const report = 'report' in gpu ? gpu.report : undefined;
    return html`
      <section class="card" aria-label="Verdict">
        <p class="sentence" id="verdict">${verdict(gpu)}</p>
        ${report === undefined ? nothing : html`<p class="quiet">${adapterText(report)}</p>`}
        <p class="buttons">
          <button type="button" class="small" data-act="copy-report" @click=${(event: Event) => copy(app, event)}>
            Copy as text
          </button>
          <button
            type="button"
            class="small"
            @click=${() => saveFile('wgrad-gpu.json', JSON.stringify(reportJson(app), null, 2))}
          >
            Save JSON
          </button>
          <button type="button" class="small" @click=${() => app.probe()}>Look again</button>
        </p>
      </section>
      ${report === undefined ? nothing : limitsView(report)} ${report === undefined ? nothing : featuresView(report)}
      ${storageView(app, storage.value, deleted, refresh)} ${tuned.view()} ${eventsView(app)}
    `;
  });
}

function verdict(gpu: GpuStatus): string {
  if (gpu.state === 'probing') return 'Looking for a GPU …';
  if (gpu.state === 'ready') return 'This browser can train here: yes, on its GPU, in a worker.';
  if (gpu.state === 'software') {
    return 'This browser can train here: yes, but on the CPU (a software adapter), which is slow.';
  }
  if (gpu.state === 'recovering') return 'The GPU was lost; a new device is being asked for.';
  return `This browser cannot train here: ${gpuNotice(gpu, navigator.userAgent)?.title ?? 'no GPU'}.`;
}

const adapterText = ({ name, timestamps, tookMs }: GpuReport): string =>
  `${name}; ${timestamps ? 'GPU timestamps' : 'no GPU timestamps'}; found in ${Math.round(tookMs)} ms; ${navigator.userAgent}`;

function limitsView({ limits }: GpuReport): TemplateResult {
  return html`<section class="card" aria-label="Limits">
    <h2>Limits</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of limits">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Limit</th>
            <th scope="col">Everywhere</th>
            <th scope="col">Offered</th>
            <th scope="col">Had</th>
            <th scope="col" class="differs">What it means here</th>
          </tr>
        </thead>
        <tbody>
          ${limits.map(
            ({ name, usual, offered, granted }: LimitReport) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td data-label="Everywhere">${limitText(name, usual)}</td>
                <td data-label="Offered">${limitText(name, offered)}</td>
                <td data-label="Had">${limitText(name, granted)}</td>
                <td class="differs">${limitMeaning[name] ?? ''}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function featuresView({ features }: GpuReport): TemplateResult {
  const others = features.filter((feature) => !(feature in consequences));
  return html`<section class="card" aria-label="Features">
    <h2>Features</h2>
    <ul class="plain">
      ${Object.entries(consequences).map(([feature, [withIt, without]]) => {
        const has = features.includes(feature);
        return html`<li><strong>${feature}</strong>: ${has ? 'yes' : 'no'}. ${has ? withIt : without}</li>`;
      })}
    </ul>
    ${others.length === 0 ? nothing : html`<p class="help">Without consequence here: ${others.join(', ')}.</p>`}
  </section>`;
}

function storageView(
  app: App,
  storage: Storage | undefined,
  deleted: Signal<string>,
  refresh: () => Promise<void>,
): TemplateResult {
  // A run shows test images from there, and reads all again where the GPU is lost.
  const data = app.data.value;
  const isAtRest = ['kept', 'this-tab', 'absent', 'error'].includes(data.state);
  const canDelete = isAtRest && bytesHere(data) > 0 && !isBusy(app.run.value);
  return html`<section class="card" aria-label="Storage">
    <h2 id="storage" tabindex="-1">Storage</h2>
    ${
      storage === undefined || storage.quota === 0
        ? html`<p>This browser does not say what it keeps for this page.</p>`
        : html`<p>
            By the browser’s count this page uses ${bytesText(storage.usage)} of at most ${bytesText(storage.quota)}: data, runs and checkpoints.
            ${storage.isPersisted ? 'They are kept until you delete them.' : 'The browser may delete them when the disk is full.'}
          </p>`
    }
    <p class="buttons">
      <button
        type="button"
        class="small"
        ?disabled=${storage?.isPersisted === true || navigator.storage?.persist === undefined}
        @click=${async () => {
          const kept = await navigator.storage.persist();
          app.announce(kept ? 'Kept on this device' : 'The browser does not promise to keep it');
          app.log(
            kept ? 'storage is kept on this device' : 'the browser does not promise to keep the storage',
          );
          await refresh();
        }}
      >
        Keep on this device
      </button>
      <button
        type="button"
        class="small"
        data-act="delete-data"
        ?disabled=${!canDelete}
        @click=${() => {
          deleted.value = '';
          dialogOf('delete-data')?.showModal();
        }}
      >
        Delete data
      </button>
    </p>
    ${deleted.value === '' ? nothing : html`<p class="help" id="data-deleted">${deleted.value}</p>`}
    ${deleteDialog(app, canDelete, deleted)}
  </section>`;
}

const dialogOf = (id: string) => document.getElementById(id) as HTMLDialogElement | null;

/** Asks once: to bring them back is a download. */
const deleteDialog = (app: App, canDelete: boolean, deleted: Signal<string>): TemplateResult => html`<dialog
  id="delete-data"
  class="card"
  aria-labelledby="delete-question"
>
  <p id="delete-question">
    Delete CIFAR-10, ${bytesText(bytesHere(app.data.value))}, from this device? Runs and checkpoints stay; to train, it is downloaded again.
  </p>
  <p class="buttons">
    <button type="button" data-act="delete-no" @click=${() => dialogOf('delete-data')?.close()}>Keep it</button>
    <button
      type="button"
      data-act="delete-yes"
      ?disabled=${!canDelete}
      @click=${async () => {
        dialogOf('delete-data')?.close();
        // The button that had the focus cannot be pressed any more.
        document.getElementById('storage')?.focus();
        deleted.value = await deleteData(app);
        app.announce(deleted.value);
        app.log(deleted.value);
      }}
    >
      Delete ${bytesText(bytesHere(app.data.value))}
    </button>
  </p>
</dialog>`;

/** Deletes the data; what came of it, by what is here afterwards: a browser keeps files that another tab reads. */
async function deleteData(app: App): Promise<string> {
  try {
    await app.deleteData();
  } catch (error) {
    return `CIFAR-10 was not deleted: ${(error as Error).message}`;
  }
  const left = bytesHere(app.data.peek());
  return left === 0
    ? 'CIFAR-10 was deleted from this device'
    : `${bytesText(left)} of CIFAR-10 could not be deleted: close other tabs of this page, and try again`;
}

function eventsView(app: App): TemplateResult {
  const events = app.events.value;
  return html`<section class="card" aria-label="Events">
    <h2>Events</h2>
    <ol class="plain events">
      ${events.toReversed().map(({ at, text }) => html`<li><time datetime=${at}>${clockText(at)}</time> ${text}</li>`)}
    </ol>
  </section>`;
}

/** Everything of this view, for a report of a fault. */
function reportJson(app: App): object {
  const gpu = app.gpu.peek();
  return {
    canTrain: canTrain(gpu),
    state: gpu.state,
    gpu: 'report' in gpu ? gpu.report : gpu,
    data: app.data.peek().state,
    browser: navigator.userAgent,
    events: app.events.peek(),
  };
}

async function copy(app: App, event: Event): Promise<void> {
  const button = event.target as HTMLButtonElement;
  const gpu = app.gpu.peek();
  const lines = [
    verdict(gpu),
    'report' in gpu ? adapterText(gpu.report) : navigator.userAgent,
    ...('report' in gpu ? gpu.report.limits.map(({ name, granted }) => `${name} ${granted}`) : []),
    ...app.events.peek().map(({ at, text }) => `${at} ${text}`),
  ];
  try {
    await navigator.clipboard.writeText(lines.join('\n'));
    app.announce('Copied');
  } catch {
    saveFile('wgrad-gpu.txt', lines.join('\n'));
  }
  button.blur();
}
