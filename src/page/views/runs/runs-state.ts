// What the Runs view knows beside the list of runs, and what its buttons do.
import { batch, computed, signal } from '@preact/signals-core';
import type { App } from '../../model/app.ts';
import { type RunList, styles } from '../../model/run-list.ts';
import { type RunMetrics, type RunRecord, testedSeeds } from '../../model/run-record.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import type { Router } from '../../router.ts';
import { saveFile } from '../../save-file.ts';
import { importFiles } from '../../store/import-files.ts';
import { readRecord } from '../../store/read-record.ts';
import { type WholeRun, writeRunFile } from '../../store/run-file.ts';
import { readMetrics, readWeights } from '../../store/run-store.ts';
import { mostOverlaid, type OverlayOptions } from './overlay.ts';
import { differencesText } from './run-differences.ts';
import { inOrder, type RunOrder } from './run-order.ts';
import { compareRuns } from './run-statistics.ts';
import { distinctStyles } from './run-styles.ts';

/** Deleted runs can be brought back for so long. */
const undoMs = 20_000;
/** Runs that are in the chart at first. */
const firstOverlaid = 4;

export interface RunsParts {
  readonly app: App;
  readonly runs: RunList;
  readonly training: TrainingControl;
  readonly router: Router;
  readonly isShown: () => boolean;
}

/** A run that can still come back. */
interface DeletedRun extends WholeRun {
  readonly wasOverlaid: boolean;
}

export class RunsState {
  readonly filter = signal('');
  readonly order = signal<RunOrder>('started');
  /** Runs that are chosen for the chart. */
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
  /** What is missing of the file that was asked for last, or why there is none. */
  readonly unsaved = signal('');
  /** The newest last. */
  readonly deleted = signal<readonly DeletedRun[]>([]);
  /** Stands in for runs until there are some. */
  readonly example = signal<RunRecord | undefined>(undefined);
  /** Curves of shown runs, by id. */
  readonly metrics = signal<ReadonlyMap<string, RunMetrics>>(new Map());
  readonly parts: RunsParts;
  /** Runs that were in the list before. */
  readonly #known = new Set<string>();
  readonly #leaving = new Set<string>();
  #undoTimer: ReturnType<typeof setTimeout> | undefined;
  /** Where the focus goes with the next painting: what had it is gone then. */
  #focus: string | undefined;

  constructor(parts: RunsParts) {
    this.parts = parts;
  }

  readonly all = computed((): readonly RunRecord[] => {
    const own = this.parts.runs.runs.value;
    return own.length > 0 || this.example.value === undefined ? own : [this.example.value];
  });

  readonly shown = computed((): readonly RunRecord[] => {
    const words = this.filter.value.toLowerCase().split(/\s+/);
    const baseline = this.baseline.value;
    const found = this.all.value.filter((run) => {
      const { name, experiment, state, adapter, startedAt } = run;
      const differs = differencesText(run, baseline);
      const text = `${name} ${experiment} ${state} ${adapter} ${startedAt} ${differs}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return inOrder(found, this.order.value);
  });

  /** Runs in the chart: chosen ones that the list shows. */
  readonly overlaid = computed((): readonly RunRecord[] =>
    this.shown.value.filter(({ id }) => this.overlay.value.has(id)),
  );

  /** In the order in which they were chosen: whichever is in the chart keeps its style when others come. */
  readonly #styles = computed(() => {
    const all = this.all.value;
    return distinctStyles([...this.overlay.value].flatMap((id) => all.find((run) => run.id === id) ?? []));
  });

  /** Colour and dash of a run: no other one in the chart has the same. */
  styleOf({ id, style }: RunRecord): number {
    return this.#styles.value.get(id) ?? style % styles;
  }

  /** The chosen one, else the oldest run that was tested. */
  readonly baseline = computed((): RunRecord | undefined => {
    const all = this.all.value;
    const chosen = all.find(({ id }) => id === this.baselineId.value);
    return chosen ?? all.findLast((run) => testedSeeds(run).length > 0);
  });

  readonly differences = computed(() => compareRuns(this.all.value, this.baseline.value));

  /** Follows the list: at first the newest runs are in the chart, in the place of the example; later each one that starts or is brought. */
  followList(): void {
    const all = this.all.value;
    if (!this.parts.runs.isLoaded.value) return;
    const fresh = all.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    const chosen = fresh.length === all.length ? fresh.slice(0, firstOverlaid) : fresh;
    batch(() => {
      for (const { id } of chosen.toReversed()) this.show(id);
    });
  }

  setMetrics(id: string, metrics: RunMetrics): void {
    this.metrics.value = new Map(this.metrics.peek()).set(id, metrics);
  }

  toggle(id: string): void {
    const overlay = new Set(this.overlay.peek());
    if (overlay.delete(id)) this.overlay.value = overlay;
    else this.show(id);
  }

  /** Into the chart. Where that is one run too many, the oldest that is not pinned goes. */
  show(id: string): void {
    const chosen = new Set(this.overlay.peek()).add(id);
    const all = this.parts.runs.runs.peek().filter((run) => chosen.has(run.id));
    if (all.length > mostOverlaid) {
      const others = all.filter((run) => run.id !== id);
      chosen.delete((others.findLast(({ pinned }) => !pinned) ?? others.at(-1)!).id);
    }
    this.overlay.value = chosen;
  }

  /** Recorded elsewhere, and not kept here: a visitor without a run, or without WebGPU, sees what one looks like. */
  async showExample(): Promise<void> {
    const { record: recorded, metrics } = (await import('../../example/quick-look.json')).default;
    const record: RunRecord = { ...readRecord(recorded), origin: 'example' };
    batch(() => {
      this.setMetrics(record.id, metrics);
      this.example.value = record;
    });
  }

  async import(files: readonly File[]): Promise<void> {
    const { runs, refused } = await importFiles(files);
    for (const { record, metrics, weights } of runs) {
      const list = this.parts.runs;
      const named = { ...record, name: list.freeName(record.name), style: list.freeStyle() };
      if (metrics !== undefined) this.setMetrics(named.id, metrics); // It is in the chart before it is written.
      await list.keep(named, metrics, weights);
    }
    this.refused.value = refused;
    const counted = (count: number, what: string) => `${count} ${count === 1 ? what : `${what}s`}`;
    this.parts.app.announce(
      `${counted(runs.length, 'run')} imported, ${counted(refused.length, 'file')} refused`,
    );
  }

  /** Pressed twice, it deletes one run: the focus is on Undo then. */
  async remove(record: RunRecord): Promise<void> {
    const { id } = record;
    if (this.#leaving.has(id)) return;
    this.#leaving.add(id);
    try {
      const [metrics, weights] = await Promise.all([readMetrics(id), readWeights(id)]);
      const overlay = new Set(this.overlay.peek());
      const wasOverlaid = overlay.delete(id);
      let gone: Promise<void> | undefined;
      batch(() => {
        this.overlay.value = overlay;
        this.deleted.value = [...this.deleted.peek(), { record, metrics, weights, wasOverlaid }];
        this.#focus = '[data-act=undo]';
        gone = this.parts.runs.forget(id);
      });
      clearTimeout(this.#undoTimer);
      this.#undoTimer = setTimeout(() => this.#areGone(), undoMs);
      await gone;
    } catch (error) {
      // What cannot be read could not come back by Undo.
      const text = `${record.name} was not deleted: ${(error as Error).message}`;
      this.parts.app.log(text);
      this.parts.app.announce(text);
    } finally {
      this.#leaving.delete(id);
    }
  }

  /** What was deleted cannot come back any more. */
  #areGone(): void {
    for (const { record } of this.deleted.peek()) {
      void this.parts.app.engine.call('dropCheckpoint', { runId: record.id }).catch(() => {});
    }
    this.deleted.value = [];
  }

  /** Brings back all that can still come back. */
  async undo(): Promise<void> {
    const runs = this.deleted.peek();
    const last = runs.at(-1);
    if (last === undefined) return;
    clearTimeout(this.#undoTimer);
    const kept = batch(() => {
      this.deleted.value = [];
      this.#focus = `[data-run="${CSS.escape(last.record.id)}"] input`;
      return runs.map(({ record, metrics, weights }) => this.parts.runs.keep(record, metrics, weights));
    });
    for (const { record, wasOverlaid } of runs) if (wasOverlaid) this.show(record.id);
    await Promise.all(kept);
  }

  /** Behind a painting: moves the focus where it was to go, once. */
  moveFocus(root: HTMLElement): void {
    if (this.#focus === undefined) return;
    root.querySelector<HTMLElement>(this.#focus)?.focus();
    this.#focus = undefined;
  }

  /** Saves a run as a file; `unsaved` says what is wrong with it. */
  async saveRun(record: RunRecord): Promise<void> {
    await this.#save(record, async () => {
      const [metrics, weights] = await Promise.all([readMetrics(record.id), readWeights(record.id)]);
      const whole = { record: { ...record, hasWeights: weights !== undefined }, metrics, weights };
      saveFile(`${fileName(record.name)}.run.safetensors`, await writeRunFile(whole));
      return record.hasWeights && weights === undefined
        ? `${record.name} was saved without its weights: this browser does not have them any more.`
        : '';
    });
  }

  /** Saves the weights, a file for each seed; `unsaved` says what is wrong with them. */
  async saveWeights(record: RunRecord): Promise<void> {
    await this.#save(record, async () => {
      const weights = await readWeights(record.id);
      for (const [i, file] of (weights ?? []).entries()) {
        const seed = weights!.length === 1 ? '' : `.${record.train.replicas[i]!.seed}`;
        saveFile(`${fileName(record.name)}.weights${seed}.safetensors`, file);
      }
      return weights === undefined
        ? `This browser does not have the weights of ${record.name} any more.`
        : '';
    });
  }

  async #save({ name }: RunRecord, work: () => Promise<string>): Promise<void> {
    this.unsaved.value = await work().catch((error: Error) => `${name} could not be saved: ${error.message}`);
  }
}

const fileName = (name: string): string => name.replace(/[^\w.-]+/g, '-').slice(0, 60) || 'run';
