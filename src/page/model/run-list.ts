// The runs of this browser, as the Runs view lists them.
import { signal } from '@preact/signals-core';
import { deleteRun, editRun, type RunWeights, readRuns, writeRun } from '../store/run-store.ts';
import type { App } from './app.ts';
import type { RunMetrics, RunRecord } from './run-record.ts';

/** Colours and dashes that runs are told apart by. */
export const styles = 8;

export class RunList {
  /** The newest first. */
  readonly runs = signal<readonly RunRecord[]>([]);
  /** What is kept has been read. */
  readonly isLoaded = signal(false);
  /** The browser did not keep a run, or not all of it: that is gone with the tab. Why. */
  readonly unkept = signal('');
  readonly #app: App;
  #importer: ((files: readonly File[]) => Promise<void>) | undefined;
  #waiting: (readonly File[])[] = [];

  constructor(app: App) {
    this.#app = app;
  }

  /** Reads what is kept, by this tab or another. A run that no tab trains any more, as `inTraining` tells by id, was interrupted. */
  async load(inTraining: () => Promise<ReadonlySet<string>>): Promise<void> {
    const before = this.runs.peek();
    const runs = await readRuns().catch(() => undefined);
    if (runs === undefined) {
      this.isLoaded.value = true; // What this tab knows is all there is.
      return;
    }
    const trained = await inTraining();
    if (this.runs.peek() !== before) return this.load(inTraining); // Changed meanwhile.
    this.runs.value = runs.map((run) =>
      run.state === 'running' && !trained.has(run.id) ? { ...run, state: 'interrupted' } : run,
    );
    this.isLoaded.value = true;
  }

  /** The Runs view imports, once it was shown: what came before has waited for it. */
  importWith(importer: (files: readonly File[]) => Promise<void>): void {
    this.#importer = importer;
    for (const files of this.#waiting.splice(0)) void importer(files);
  }

  async import(files: readonly File[]): Promise<void> {
    if (this.#importer === undefined) this.#waiting.push(files);
    else await this.#importer(files);
  }

  has(id: string): boolean {
    return this.runs.peek().some((run) => run.id === id);
  }

  find(id: string): RunRecord | undefined {
    return this.runs.value.find((run) => run.id === id);
  }

  /** Shows a record, without writing it, by the name that it has in the list. */
  replace(record: RunRecord): void {
    const { name, pinned } = this.runs.peek().find(({ id }) => id === record.id) ?? record;
    this.#show({ ...record, name, pinned });
  }

  #show(record: RunRecord): void {
    const others = this.runs.peek().filter(({ id }) => id !== record.id);
    this.runs.value = [...others, record].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }

  /** Shows and writes a run. What cannot be written stays for this tab, and the page says so. */
  async keep(record: RunRecord, metrics?: RunMetrics, weights?: RunWeights): Promise<void> {
    this.replace(record);
    try {
      await writeRun(record.id, { record, ...(metrics && { metrics }), ...(weights && { weights }) });
    } catch (error) {
      this.unkept.value = (error as Error).message;
      this.#app.log(`runs are not kept: ${(error as Error).message}`);
    }
  }

  /** Shows and writes a part of a record: the rest may have been written by another tab since. */
  async edit(id: string, part: Partial<RunRecord>): Promise<void> {
    const shown = this.find(id);
    if (shown !== undefined) this.#show({ ...shown, ...part });
    await editRun(id, part).catch(() => {});
  }

  /** Its checkpoint stays: whoever deletes it may think better of it. */
  async forget(id: string): Promise<void> {
    this.runs.value = this.runs.peek().filter((run) => run.id !== id);
    await deleteRun(id).catch(() => {});
  }

  /** `base`, `base 2`, `base 3`, ... */
  freeName(label: string): string {
    const names = new Set(this.runs.peek().map(({ name }) => name));
    if (!names.has(label)) return label;
    for (let n = 2; ; n++) if (!names.has(`${label} ${n}`)) return `${label} ${n}`;
  }

  /** The style that the fewest runs have. */
  freeStyle(): number {
    const uses = new Array<number>(styles).fill(0);
    for (const { style } of this.runs.peek()) uses[style % styles]!++;
    return uses.indexOf(Math.min(...uses));
  }
}
