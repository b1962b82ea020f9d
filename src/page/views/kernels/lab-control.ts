// What the Kernels view measures, and what it found.
import { batch, signal } from '@preact/signals-core';
import { type Roofline, rooflineOf } from '../../../measure/roofline.ts';
import {
  type BenchFile,
  formatName,
  formatVersion,
  type Group,
  type StepProfile,
} from '../../../measure/schema.ts';
import { EngineError } from '../../engine/engine-error.ts';
import type { GpuReport, LabGroup, LabRequest, LabResult } from '../../engine/protocol.ts';
import type { App } from '../../model/app.ts';
import { readForm, startingPoint } from '../../model/form.ts';
import { type LabLink, labLinkOf } from '../../model/lab-link.ts';
import { isBusy, type RunStatus } from '../../model/status.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { keepTuning } from '../../store/tuning-store.ts';
import { type Ranked, rankGroup, toKeep } from './ranking.ts';

/** A group that was measured. */
export interface Measured {
  readonly group: Group;
  readonly ranked: Ranked;
  readonly sources: Readonly<Record<string, string>>;
  readonly wasHidden: boolean;
}

export class LabControl {
  readonly groups = signal<readonly LabGroup[]>([]);
  readonly selectedId = signal('');
  /** Variants that are to be left out, by group. */
  readonly left = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  readonly product = signal('256, 256, 256');
  readonly progress = signal<
    { readonly what: string; readonly done: number; readonly total: number } | undefined
  >(undefined);
  readonly problem = signal('');
  /** What came of “Use for training”, pressed last. */
  readonly used = signal<{ readonly op: string; readonly text: string } | undefined>(undefined);
  readonly results = signal<ReadonlyMap<string, Measured>>(new Map());
  /** A step of the form's net, dispatch by dispatch. */
  readonly profile = signal<StepProfile | undefined>(undefined);
  /** Stop was pressed: what is measured ends behind the round that has begun. */
  readonly isStopping = signal(false);
  #peaks: readonly Group[] = [];
  #roofline: Roofline | undefined;
  /** What the groups in the list were asked for with. */
  #request: LabRequest | undefined;
  /** The GPU that was measured last: it may be lost since. */
  #report: GpuReport | undefined;
  readonly #app: App;
  readonly #training: TrainingControl;
  readonly #startedAt = new Date();

  constructor(app: App, training: TrainingControl) {
    this.#app = app;
    this.#training = training;
    app.engine.listen((event) => {
      if (event.event === 'lab') {
        const { what, done, total } = event;
        this.progress.value = { what, done, total };
      }
    });
  }

  /**
   * Lists what can be measured: the form's net, and products of the size in the field. A link says which size and op.
   * @returns the size that is listed; null where the field holds none
   */
  async list(link?: LabLink): Promise<LabRequest['product']> {
    if (link !== undefined) this.product.value = link.product;
    const { train } = readForm(this.#training.form.peek());
    const sizes = this.product
      .peek()
      .split(/[\s,x×]+/)
      .filter(Boolean)
      .map(Number);
    const isSize = (n: number) => Number.isInteger(n) && n >= 1 && n <= 4096;
    const [M = 0, N = 0, K = 0] = sizes;
    const product = sizes.length === 3 && sizes.every(isSize) ? { M, N, K } : null;
    this.problem.value =
      product === null ? 'M, N and K must be three whole numbers from 1 to 4096, such as 256, 256, 256' : '';
    try {
      const request = { settings: train, product };
      const groups = await this.#app.engine.call('labGroups', request);
      this.#request = request;
      batch(() => {
        this.groups.value = groups;
        if (link !== undefined) this.selectedId.value = link.op;
        if (link !== undefined && !groups.some(({ id }) => id === link.op) && product !== null)
          this.problem.value = `The link asks for “${link.op}”, which this net does not have here.`;
        if (!groups.some(({ id }) => id === this.selectedId.peek()))
          this.selectedId.value = groups[0]?.id ?? '';
      });
    } catch (error) {
      this.problem.value = (error as Error).message;
    }
    return product;
  }

  /** Lists products of the size in the field, and selects one of them: of the op that was selected, where it is a product. */
  async listProduct(): Promise<void> {
    const op = this.selected?.op;
    const product = await this.list();
    if (product === null) return;
    const { M, N, K } = product;
    const listed = this.groups.peek().filter(({ id }) => id.includes(` M=${M} N=${N} K=${K} R=1`));
    const group = listed.find((each) => each.op === op) ?? listed[0];
    if (group !== undefined) this.selectedId.value = group.id;
  }

  /** The query of a link to an op of the form's net. */
  linkTo(op: string): string {
    return labLinkOf(this.#training.form.peek(), { op, product: this.product.peek() });
  }

  get isBusy(): App['isMeasuring'] {
    return this.#app.isMeasuring;
  }

  get selected(): LabGroup | undefined {
    return this.groups.value.find(({ id }) => id === this.selectedId.value);
  }

  wantedVariants(group: LabGroup): readonly string[] {
    return group.variants.filter((name) => !this.left.value.get(group.id)?.has(name));
  }

  toggle(group: LabGroup, variant: string): void {
    const left = new Set(this.left.peek().get(group.id));
    if (!left.delete(variant)) left.add(variant);
    this.left.value = new Map(this.left.peek()).set(group.id, left);
  }

  /** Measures what is selected now: the view may still show what was selected before. */
  async runSelected(): Promise<void> {
    const { selected } = this;
    if (selected !== undefined) await this.run([selected]);
  }

  /** Measures groups one after the other. */
  run(groups: readonly LabGroup[]): Promise<void> {
    return this.#alone(async () => {
      this.#report = this.#app.report;
      if (this.#roofline === undefined) {
        this.#peaks = await this.#app.engine.call('labPeaks');
        this.#roofline = rooflineOf(this.#peaks);
      }
      for (const group of groups) {
        if (this.isStopping.peek()) break;
        await this.#measure(group);
      }
    });
  }

  /** Times each dispatch of a training step of the form's net. */
  traceStep(): Promise<void> {
    const form = this.#training.form.peek();
    const { train: settings } = readForm(form);
    return this.#alone(async () => {
      const title = `step of ${startingPoint(form.start).label}`;
      const { variants } = form;
      const profile = await this.#app.engine.call('labProfile', { title, settings, variants });
      if (profile === null) {
        throw new EngineError('failed', 'this browser gives no GPU timestamps, of which a trace is made');
      }
      if (!this.isStopping.peek()) this.profile.value = profile;
    });
  }

  /** Measures while nothing else uses the GPU: a training in progress is paused for it. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.isBusy.peek() || !isIdle(this.#app.run.peek())) return;
    const wasTraining = this.#app.run.peek().state === 'running';
    this.isBusy.value = true;
    this.problem.value = '';
    try {
      if (wasTraining) await this.#training.pauseForLab();
      // Pressed meanwhile, Stop found nothing in the worker that it could end.
      if (!this.isStopping.peek()) await work();
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === 'stopped')) {
        this.problem.value = (error as Error).message;
      }
    } finally {
      batch(() => {
        this.isBusy.value = false;
        this.isStopping.value = false;
        this.progress.value = undefined;
      });
      if (wasTraining) await this.#training.resume();
    }
  }

  async stop(): Promise<void> {
    this.isStopping.value = true;
    await this.#app.engine.call('labStop');
  }

  /** Forces a variant in trainings, by the form; pressed again, no more. One that computes nothing of the net is refused. */
  use(op: string, variant: string): void {
    const form = this.#training.form.peek();
    const { [op]: forced, ...others } = form.variants;
    const ofNet = this.groups.peek().filter((group) => group.op === op && group.usedBy.length > 0);
    const fitting = ofNet.filter(({ variants }) => variants.includes(variant)).length;
    const say = (text: string) => {
      this.used.value = { op, text };
      this.#app.announce(text);
    };
    if (forced === variant) {
      this.#training.form.value = { ...form, variants: others };
      say(`${op} is not forced any more.`);
    } else if (fitting === 0) {
      say(`${variant} is not used: the net in the Train view’s form has no ${op} that it fits.`);
    } else {
      this.#training.form.value = { ...form, variants: { ...others, [op]: variant } };
      const rest =
        fitting < ofNet.length
          ? ` It fits ${fitting} of the net’s ${ofNet.length} shapes; the others are computed as before.`
          : '';
      say(
        `Trainings compute ${op} by ${variant}: the Train view’s form has it in the group Data, as “Forced”.${rest}`,
      );
    }
  }

  /** Whether the form forces a variant. */
  isUsed = (op: string, variant: string): boolean => this.#training.form.value.variants[op] === variant;

  get measuredGroups(): readonly Group[] {
    return Array.from(this.results.value.values(), ({ group }) => group);
  }

  /** Everything measured, in the format of `npm run bench`. */
  file(): BenchFile {
    const report = this.#report!;
    return {
      format: formatName,
      version: formatVersion,
      header: {
        startedAt: this.#startedAt.toISOString(),
        elapsedMs: Date.now() - this.#startedAt.getTime(),
        complete: true,
        args: ['page'],
        seed: 1,
        quick: true,
        commit: null,
        host: {
          cpu: 'not told by the browser',
          cores: navigator.hardwareConcurrency,
          platform: navigator.platform,
          node: '',
          loadBefore: 0,
          loadAfter: 0,
        },
        browser: navigator.userAgent,
        adapter: report.adapter,
        adapterName: report.name,
        limits: Object.fromEntries(report.limits.map(({ name, granted }) => [name, granted])),
        timestamps: report.timestamps,
      },
      groups: [...this.#peaks, ...this.measuredGroups],
      profiles: [],
    };
  }

  async #measure(listed: LabGroup): Promise<void> {
    let wasHidden = document.hidden;
    const watch = () => {
      wasHidden ||= document.hidden;
    };
    document.addEventListener('visibilitychange', watch);
    try {
      const { group, sources } = await this.#ask(listed);
      const ranked = rankGroup(group, this.#roofline, wasHidden);
      this.results.value = new Map(this.results.peek()).set(listed.id, { group, ranked, sources, wasHidden });
      await this.#keep(listed, ranked);
    } finally {
      document.removeEventListener('visibilitychange', watch);
    }
  }

  async #ask(listed: LabGroup): Promise<LabResult> {
    const { engine } = this.#app;
    const takes = { id: listed.id, variants: this.wantedVariants(listed) };
    try {
      return await engine.call('labMeasure', takes);
    } catch (error) {
      // A worker that took the place of another one knows no groups yet.
      if (this.#request === undefined || !/^there is no group /.test((error as Error).message)) throw error;
      await engine.call('labGroups', this.#request);
      return engine.call('labMeasure', takes);
    }
  }

  /** Keeps the fastest for trainings with measured kernels, where it is clear which that is. */
  async #keep({ id }: LabGroup, { rows, unranked }: Ranked): Promise<void> {
    const report = this.#app.report;
    const best = toKeep(rows);
    if (report === undefined || unranked !== '' || best === undefined) return;
    const timed = rows.filter(({ time }) => time !== undefined);
    const us = Object.fromEntries(timed.map(({ name, time }) => [name, Math.round(time!.value / 10) / 100]));
    await keepTuning(report.tuningKey, { [id]: { variant: best.name, us } });
  }
}

/** Is nothing on the GPU that could not be paused for a measurement? */
export const isIdle = (run: RunStatus): boolean =>
  !isBusy(run) || run.state === 'running' || run.state === 'paused';
