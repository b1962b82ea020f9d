import { batch, computed, effect, signal } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../../model/app.ts';
import { formOfRun } from '../../model/form.ts';
import type { RunList } from '../../model/run-list.ts';
import type { RunMetrics, RunRecord } from '../../model/run-record.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import type { Router } from '../../router.ts';
import { saveFile } from '../../save-file.ts';
import { importFiles } from '../../store/import-files.ts';
import { readRecord } from '../../store/read-record.ts';
import { type WholeRun, writeRunFile } from '../../store/run-file.ts';
import { readMetrics, readRuns, readWeights } from '../../store/run-store.ts';
import { paint } from '../paint.ts';
import {
  mostOverlaid,
  Overlay,
  type OverlayAxis,
  type OverlayMetric,
  type OverlayOptions,
  overlayAxes,
  overlayMetrics,
} from './overlay.ts';
import { compareRuns } from './run-statistics.ts';
import { runTable, settingsTable } from './run-table.ts';
import type { RunsContext } from './runs-context.ts';

/** A deleted run can be brought back for so long. */
const undoMs = 20_000;

export interface RunsParts {
  readonly app: App;
  readonly runs: RunList;
  readonly training: TrainingControl;
  readonly router: Router;
  readonly isShown: () => boolean;
}

/** The view's own state, and what its buttons do. */
class RunsState {
  readonly filter = signal('');
  readonly overlay = signal<ReadonlySet<string>>(new Set());
  readonly baselineId = signal<string | undefined>(undefined);
  readonly options = signal<OverlayOptions>({
    metric: 'validationAccuracy',
    axis: 'step',
    smoothing: 0,
    isLog: false,
    hasBand: true,
  });
  readonly refused = signal<readonly string[]>([]);
  readonly deleted = signal<WholeRun | undefined>(undefined);
  /** Stands in for runs until there are some. */
  readonly example = signal<RunRecord | undefined>(undefined);
  /** Curves of shown runs, by id. */
  readonly metrics = signal<ReadonlyMap<string, RunMetrics>>(new Map());
  readonly parts: RunsParts;

  constructor(parts: RunsParts) {
    this.parts = parts;
  }

  readonly all = computed((): readonly RunRecord[] => {
    const own = this.parts.runs.runs.value;
    return own.length > 0 || this.example.value === undefined ? own : [this.example.value];
  });

  readonly shown = computed((): readonly RunRecord[] => {
    const words = this.filter.value.toLowerCase().split(/\s+/);
    return this.all.value
      .filter((run) => {
        const text =
          `${run.name} ${run.experiment} ${run.state} ${run.adapter} ${run.startedAt}`.toLowerCase();
        return words.every((word) => text.includes(word));
      })
      .toSorted((a, b) => Number(b.pinned) - Number(a.pinned));
  });

  /** The chosen one, else the oldest run that was tested. */
  readonly baseline = computed((): RunRecord | undefined => {
    const all = this.all.value;
    const chosen = all.find(({ id }) => id === this.baselineId.value);
    return chosen ?? all.findLast((run) => run.perSeed.some(({ testAccuracy }) => testAccuracy !== null));
  });

  readonly differences = computed(() => compareRuns(this.all.value, this.baseline.value));

  toggle(id: string): void {
    const next = new Set(this.overlay.peek());
    if (!next.delete(id)) {
      next.add(id);
      if (next.size > mostOverlaid) next.delete([...next][0]!);
    }
    this.overlay.value = next;
  }

  /** Recorded elsewhere, and not kept here: a visitor without a run, or without WebGPU, sees what one looks like. */
  async showExample(): Promise<void> {
    const { record: recorded, metrics } = (await import('../../example/quick-look.json')).default;
    const record: RunRecord = { ...readRecord(recorded), origin: 'example' };
    batch(() => {
      this.metrics.value = new Map(this.metrics.peek()).set(record.id, metrics);
      this.example.value = record;
    });
  }

  async import(files: readonly File[]): Promise<void> {
    const { runs, refused } = await importFiles(files);
    for (const { record, metrics, weights } of runs) {
      const list = this.parts.runs;
      const named = { ...record, name: list.freeName(record.name), style: list.freeStyle() };
      await list.keep(named, metrics, weights);
      this.toggle(named.id);
    }
    this.refused.value = refused;
    this.parts.app.announce(`${runs.length} runs imported, ${refused.length} files refused`);
  }

  async remove(record: RunRecord): Promise<void> {
    const [metrics, weights] = await Promise.all([readMetrics(record.id), readWeights(record.id)]);
    const whole = { record, metrics, weights };
    this.#isGone();
    this.deleted.value = whole;
    await this.parts.runs.forget(record.id);
    setTimeout(() => {
      if (this.deleted.peek() === whole) this.#isGone();
    }, undoMs);
  }

  /** The run that was deleted last cannot come back any more. */
  #isGone(): void {
    const whole = this.deleted.peek();
    if (whole === undefined) return;
    this.deleted.value = undefined;
    void this.parts.app.engine.call('dropCheckpoint', { runId: whole.record.id }).catch(() => {});
  }

  async undo(): Promise<void> {
    const whole = this.deleted.peek();
    if (whole === undefined) return;
    this.deleted.value = undefined;
    await this.parts.runs.keep(whole.record, whole.metrics, whole.weights);
  }

  async saveRun(record: RunRecord): Promise<void> {
    const [metrics, weights] = await Promise.all([readMetrics(record.id), readWeights(record.id)]);
    saveFile(`${fileName(record.name)}.run.safetensors`, await writeRunFile({ record, metrics, weights }));
  }

  async saveWeights(record: RunRecord): Promise<void> {
    const weights = (await readWeights(record.id)) ?? [];
    for (const [i, file] of weights.entries()) {
      const seed = weights.length === 1 ? '' : `.${record.train.replicas[i]!.seed}`;
      saveFile(`${fileName(record.name)}.weights${seed}.safetensors`, file);
    }
  }
}

/** A checkpoint without its run is of one that was deleted, in a tab that was closed before its Undo was over. */
async function dropOrphans({ app, runs }: RunsParts): Promise<void> {
  const kept = await readRuns().catch(() => []); // Another tab's, too.
  if (kept.length === 0) return; // Or they could not be read.
  const runIds = [...kept, ...runs.runs.peek()].map(({ id }) => id);
  await app.engine.call('keepCheckpoints', { runIds }).catch(() => {});
}

const fileName = (name: string): string => name.replace(/[^\w.-]+/g, '-').slice(0, 60) || 'run';

export function mountRuns(root: HTMLElement, parts: RunsParts): void {
  const { app, runs, training, router } = parts;
  const state = new RunsState(parts);
  runs.importWith((files) => state.import(files));
  const [table, chart] = [document.createElement('div'), document.createElement('div')];
  root.append(table, chart);
  for (const element of [table, chart]) element.className = 'column';

  void dropOrphans(parts);

  let isAsked = false;
  effect(() => {
    if (isAsked || !runs.isLoaded.value || runs.runs.value.length > 0) return;
    isAsked = true;
    void state.showExample().catch(() => {});
  });
  // The newest runs are shown at first, in the place of the example.
  let showsOwn: boolean | undefined;
  effect(() => {
    const all = state.all.value;
    const areOwn = all[0]?.origin !== 'example';
    if (all.length === 0 || showsOwn === true || showsOwn === areOwn) return;
    showsOwn = areOwn;
    state.overlay.value = new Set(all.slice(0, 4).map(({ id }) => id));
  });
  /** Steps up to which the curves were read: another tab may have trained on. */
  const readAt = new Map<string, number>();
  effect(() => {
    // A run in progress changes: its curve is the live one.
    void training.version.value;
    for (const { id, step } of runs.runs.value) {
      if (!state.overlay.value.has(id)) continue;
      const live = training.live.peek();
      if (live?.record.id === id) {
        state.metrics.value = new Map(state.metrics.peek()).set(id, live.metrics);
      } else if (readAt.get(id) !== step) {
        readAt.set(id, step);
        readMetrics(id).then(
          (metrics) => {
            if (metrics !== undefined) state.metrics.value = new Map(state.metrics.peek()).set(id, metrics);
          },
          () => {},
        );
      }
    }
  });

  paint(table, () => {
    const context: RunsContext = {
      app,
      shown: state.shown.value,
      baseline: state.baseline.value,
      differences: state.differences.value,
      overlay: state.overlay.value,
      toggle: (id) => state.toggle(id),
      setBaseline: (id) => {
        state.baselineId.value = id;
      },
      rename: (run, name) => void training.edit(run.id, { name: name.trim() || run.name }),
      pin: (run) => void training.edit(run.id, { pinned: !run.pinned }),
      goOn: (run) => {
        router.go('train');
        void training.goOn(run);
      },
      toForm: (run) => {
        const { train, settings, experiment } = run;
        if (settings !== null) training.form.value = formOfRun(settings, experiment, train);
        router.go('train');
      },
      saveRun: (run) => void state.saveRun(run),
      saveWeights: (run) => void state.saveWeights(run),
      remove: (run) => void state.remove(run),
    };
    return listView(state, context);
  });

  let overlay: Overlay | undefined;
  paint(
    chart,
    () => chartView(state),
    () => {
      const container = document.getElementById('chart-overlay');
      if (container === null || !parts.isShown()) return;
      overlay ??= new Overlay(container);
      overlay.show(overlaid(state), state.options.peek());
    },
  );
}

const overlaid = (state: RunsState) =>
  state.all.peek().flatMap((record) => {
    const metrics = state.metrics.peek().get(record.id);
    return state.overlay.peek().has(record.id) && metrics !== undefined ? [{ record, metrics }] : [];
  });

function listView(state: RunsState, context: RunsContext): TemplateResult {
  const all = state.all.value;
  const isExample = all[0]?.origin === 'example';
  const { unkept } = state.parts.runs;
  return html`<section class="card" aria-label="Runs of this browser">
    <div class="toolbar">
      <h2>Runs</h2>
      ${
        all.length === 0 || isExample
          ? nothing
          : html`<input
              type="search"
              aria-label="Filter runs"
              placeholder="Filter"
              .value=${state.filter.value}
              @input=${(event: Event) => (state.filter.value = (event.target as HTMLInputElement).value)}
            />`
      }
      ${importLabel(state, 'Import', 'run-files')}
      ${'webkitdirectory' in HTMLInputElement.prototype ? importLabel(state, 'Import folder', 'run-folder') : nothing}
    </div>
    ${
      state.deleted.value === undefined
        ? nothing
        : html`<p class="undo" role="status">
            ${state.deleted.value.record.name} was deleted.
            <button type="button" class="small" data-act="undo" @click=${() => state.undo()}>Undo</button>
          </p>`
    }
    ${
      state.refused.value.length === 0
        ? nothing
        : html`<div class="refused" role="alert">
            <p>Not imported:</p>
            <ul>
              ${state.refused.value.map((line) => html`<li>${line}</li>`)}
            </ul>
          </div>`
    }
    ${unkept.value === '' ? nothing : html`<p class="refused">This browser did not keep all of the runs: ${unkept.value}. What it did not keep is gone with this tab: save what you need.</p>`}
    ${
      all.length === 0 || isExample
        ? html`<p>
            No runs yet. What you train is kept here by itself; whole runs of others, and the folders of npm run train and npm run experiments, can be
            imported, or dropped on this page.
          </p>`
        : nothing
    }
    ${
      isExample
        ? html`<p class="help" id="example">
            A recorded example, which your first run takes the place of: trained on ${all[0]!.adapter}, ${all[0]!.startedAt.slice(0, 10)}.
          </p>`
        : nothing
    }
    ${all.length === 0 ? nothing : runTable(context)}
    ${
      context.differences.size === 0
        ? nothing
        : html`<p class="help">
            Against ${context.baseline?.name}: test accuracy, paired by seed; 95 % intervals of Student’s t; p of the paired t test, corrected by Holm for
            ${context.differences.size} ${context.differences.size === 1 ? 'comparison' : 'comparisons'}. One seed says nothing about another.
          </p>`
    }
  </section>`;
}

/** Chooses files; with the id `run-folder` a folder with all that lies in it. */
const importLabel = (
  state: RunsState,
  text: string,
  id: 'run-files' | 'run-folder',
): TemplateResult => html`<label class="file">
  ${text}
  <input
    type="file"
    multiple
    id=${id}
    ?webkitdirectory=${id === 'run-folder'}
    @change=${(event: Event) => {
      const input = event.target as HTMLInputElement;
      const files = [...(input.files ?? [])];
      input.value = '';
      if (files.length > 0) void state.import(files);
    }}
  />
</label>`;

function chartView(state: RunsState): TemplateResult {
  const options = state.options.value;
  const set = (part: Partial<OverlayOptions>) => {
    state.options.value = { ...state.options.peek(), ...part };
  };
  void state.metrics.value;
  const count = state.overlay.value.size;
  const shown = state.all.value.filter(({ id }) => state.overlay.value.has(id));
  return html`<figure class="card" ?hidden=${count === 0}>
      <figcaption class="toolbar">
        <label
          >Metric
          <select @change=${(event: Event) => set({ metric: valueOfField(event) as OverlayMetric })}>
            ${overlayMetrics.map(([id, label]) => html`<option value=${id} ?selected=${id === options.metric}>${label}</option>`)}
          </select></label
        >
        <label
          >by
          <select @change=${(event: Event) => set({ axis: valueOfField(event) as OverlayAxis })}>
            ${overlayAxes.map((axis) => html`<option ?selected=${axis === options.axis}>${axis}</option>`)}
          </select></label
        >
        <label
          >Smoothing ${options.smoothing.toFixed(2)}
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            .value=${String(options.smoothing)}
            @input=${(event: Event) => set({ smoothing: Number(valueOfField(event)) })}
        /></label>
        <label
          ><input type="checkbox" .checked=${options.isLog} @change=${() => set({ isLog: !options.isLog })} /> log</label
        >
        <label
          ><input type="checkbox" .checked=${options.hasBand} @change=${() => set({ hasBand: !options.hasBand })} />
          band</label
        >
      </figcaption>
      <div id="chart-overlay" class="chart"></div>
      <p class="help">
        ${count} of at most ${mostOverlaid} runs; of several seeds the mean, and as a band their range. Drag to zoom, click twice to go back.
      </p>
    </figure>
    <section class="card" ?hidden=${shown.length < 2} aria-label="Settings">${settingsTable(shown)}</section>`;
}

const valueOfField = (event: Event): string => (event.target as HTMLInputElement | HTMLSelectElement).value;
