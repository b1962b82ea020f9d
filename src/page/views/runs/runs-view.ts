import { computed, effect } from '@preact/signals-core';
import { html, nothing, type TemplateResult } from 'lit-html';
import { formOfRun } from '../../model/form.ts';
import { isBusy, missingBytes } from '../../model/status.ts';
import { readMetrics, readRuns } from '../../store/run-store.ts';
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
import { overlayName, overlaySummary, overlayTable } from './overlay-words.ts';
import { type RunOrder, runOrders, startText } from './run-order.ts';
import { runTable, settingsTable } from './run-table.ts';
import type { RunsContext } from './runs-context.ts';
import { type RunsParts, RunsState } from './runs-state.ts';
import './runs.css';

/** A checkpoint without its run is of one that was deleted, in a tab that was closed before its Undo was over. */
async function dropOrphans({ app, runs }: RunsParts): Promise<void> {
  const kept = await readRuns().catch(() => []); // Another tab's, too.
  if (kept.length === 0) return; // Or they could not be read.
  const runIds = [...kept, ...runs.runs.peek()].map(({ id }) => id);
  await app.engine.call('keepCheckpoints', { runIds }).catch(() => {});
}

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
  effect(() => state.followList());
  /** Steps up to which the curves were read: another tab may have trained on. */
  const readAt = new Map<string, number>();
  effect(() => {
    if (!parts.isShown()) return;
    // A run in progress changes: its curve is the live one.
    void training.version.value;
    for (const { id, step } of runs.runs.value) {
      if (!state.overlay.value.has(id)) continue;
      const live = training.live.peek();
      if (live?.record.id === id) {
        state.setMetrics(id, live.metrics);
      } else if (readAt.get(id) !== step) {
        readAt.set(id, step);
        readMetrics(id).then(
          (metrics) => {
            if (metrics === undefined)
              readAt.delete(id); // They may come with the next change.
            else state.setMetrics(id, metrics);
          },
          () => {},
        );
      }
    }
  });

  const [busy, missing] = [
    computed(() => isBusy(app.run.value)),
    computed(() => missingBytes(app.data.value)),
  ];
  const context = (): RunsContext => ({
    isBusy: busy.value,
    isMeasuring: app.isMeasuring.value,
    missing: missing.value,
    shown: state.shown.value,
    baseline: state.baseline.value,
    differences: state.differences.value,
    overlay: state.overlay.value,
    styleOf: (run) => state.styleOf(run),
    toggle: (id) => state.toggle(id),
    setBaseline: (id) => {
      state.baselineId.value = id;
    },
    rename: (run, name) => void training.runs.edit(run.id, { name }),
    pin: (run) => void training.runs.edit(run.id, { pinned: !run.pinned }),
    goOn: (run) => {
      router.go('train');
      void training.goOn(run);
    },
    toForm: (run) => {
      training.replaceForm(formOfRun(run));
      router.go('train');
    },
    saveRun: (run) => void state.saveRun(run),
    saveWeights: (run) => void state.saveWeights(run),
    remove: (run) => void state.remove(run),
  });
  paint(
    table,
    () => listView(state, context()),
    () => state.moveFocus(table),
  );

  let overlay: Overlay | undefined;
  paint(
    chart,
    () => {
      parts.isShown(); // Drawn again when it comes back to the screen.
      return chartView(state);
    },
    () => {
      const container = document.getElementById('chart-overlay');
      if (container === null || !parts.isShown()) return;
      overlay ??= new Overlay(container);
      overlay.show(withCurves(state), state.options.peek());
    },
  );
}

const withCurves = (state: RunsState) =>
  state.overlaid.value.flatMap((record) => {
    const metrics = state.metrics.value.get(record.id);
    return metrics === undefined ? [] : [{ record, metrics, style: state.styleOf(record) }];
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
              @input=${(event: Event) => (state.filter.value = valueOfField(event))}
            />
            <select
              id="run-order"
              aria-label="Order"
              @change=${(event: Event) => (state.order.value = valueOfField(event) as RunOrder)}
            >
              ${runOrders.map(([id, label]) => html`<option value=${id} ?selected=${id === state.order.value}>${label}</option>`)}
            </select>`
      }
      ${importLabel(state, 'Import', 'run-files')}
      ${'webkitdirectory' in HTMLInputElement.prototype ? importLabel(state, 'Import folder', 'run-folder') : nothing}
    </div>
    ${undoView(state)}
    ${
      state.refused.value.length === 0
        ? nothing
        : html`<div class="refused" role="alert">
            <p>
              Not imported:
              <button type="button" class="link" data-act="dismiss" @click=${() => (state.refused.value = [])}>Dismiss</button>
            </p>
            <ul>
              ${state.refused.value.map((line) => html`<li>${line}</li>`)}
            </ul>
          </div>`
    }
    ${unkept.value === '' ? nothing : html`<p class="refused">This browser did not keep all of the runs: ${unkept.value}. What it did not keep is gone with this tab: save what you need.</p>`}
    ${state.unsaved.value === '' ? nothing : html`<p class="refused" role="alert">${state.unsaved.value}</p>`}
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
            A recorded example, which your first run takes the place of: trained on ${all[0]!.adapter}, ${startText(all[0]!).slice(0, 10)}.
          </p>`
        : nothing
    }
    ${all.length === 0 ? nothing : runTable(context)}
    ${
      all.length > 0 && context.shown.length === 0
        ? html`<p>No run matches “${state.filter.value.trim()}”.</p>`
        : nothing
    }
    ${context.differences.size === 0 ? nothing : html`<p class="help">${aboutDifferences(context)}</p>`}
  </section>`;
}

/** What stands behind “Against the baseline”. */
function aboutDifferences({ baseline, differences }: RunsContext): string {
  const tested = [...differences.values()].filter(({ pHolm }) => pHolm !== null).length;
  const what = `Against ${baseline?.name}: test accuracy, paired by seed`;
  return tested === 0
    ? `${what}. One seed in common gives no test, and says nothing about another: train several.`
    : `${what}; 95 % intervals of Student’s t; p of the paired t test, corrected by Holm for ${tested} ${
        tested === 1 ? 'comparison' : 'comparisons'
      }. One seed says nothing about another.`;
}

/** One Undo for all that can still come back: it stays where it is while more are deleted. */
function undoView(state: RunsState): TemplateResult | typeof nothing {
  const deleted = state.deleted.value;
  if (deleted.length === 0) return nothing;
  const what = deleted.length === 1 ? `${deleted[0]!.record.name} was` : `${deleted.length} runs were`;
  return html`<p class="undo" role="status">
    ${what} deleted.
    <button type="button" class="small" data-act="undo" @click=${() => state.undo()}>Undo</button>
  </p>`;
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
  const curves = withCurves(state);
  const shown = state.overlaid.value;
  const count = shown.length;
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
      <div id="chart-overlay" class="chart" role="img" aria-label=${overlayName(options)}></div>
      <p class="help" id="overlay-summary">${overlaySummary(curves, options)}</p>
      ${overlayTable(curves, options)}
      <p class="help">
        ${count} of at most ${mostOverlaid} runs; of several seeds the mean, and as a band their range. Drag to zoom, click twice to go back.
      </p>
    </figure>
    <section class="card" ?hidden=${shown.length < 2} aria-label="Settings">${settingsTable(shown)}</section>`;
}

const valueOfField = (event: Event): string => (event.target as HTMLInputElement | HTMLSelectElement).value;
