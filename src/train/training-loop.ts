// Steps, epoch by epoch: the order of the samples, submits that the pacer sizes, and reports of what they leave in the history.
import { epochOrder } from '../data/sample-order.ts';
import type { ImageRange } from '../data/splits.ts';
import type { Gpu } from '../gpu/device.ts';
import { NonFiniteLoss } from './finite.ts';
import type { Pacer } from './pacer.ts';
import type { Plan } from './plan.ts';
import { ReportWindow, type TrainReport, type Unreported } from './report-window.ts';
import type { ReplicaSettings, TrainSettings } from './settings.ts';
import { type NonFinite, Stats } from './stats.ts';
import type { RecordedStep } from './step.ts';

/** What they throw ends the run; so does what a promise rejects with that one gives back, which the end of an epoch waits for. */
export interface LoopCallbacks {
  readonly onReport?: (report: TrainReport) => void;
  /** The first submit, of one step, is done. */
  readonly onFirstStep?: () => void;
  /** A replica's loss is not finite, told once. Where this is given, the others go on; without it the run ends. */
  readonly onNonFinite?: (event: NonFinite) => void;
  /**
   * Asked between submits. Where it gives something to do, the steps already submitted are finished and reported first; training goes on when
   * that has resolved. Bits and reports stay those of a run without interludes.
   */
  readonly interlude?: () => (() => Promise<void>) | undefined;
  /** Called between submits. What is read back from there, such as a checkpoint, is the state behind all steps so far, and holds up none. */
  readonly between?: () => void;
  /** Stops cleanly after the steps already submitted. */
  readonly signal?: AbortSignal;
}

export interface LoopParts {
  readonly gpu: Gpu;
  readonly settings: TrainSettings;
  readonly plan: Plan;
  readonly recorded: Pick<RecordedStep, 'order' | 'history' | 'counters'>;
  /** The images that are trained on. */
  readonly training: ImageRange;
  readonly pacer: Pacer;
  /** Steps done before, and what is not reported of them. */
  readonly step: number;
  readonly unreported: Unreported | undefined;
  /** An epoch ended with the last of them, and its end is still to come. */
  readonly owesEnd: boolean;
  /** Told of every submit: what was true of the state before is so no more. */
  readonly onSubmit: () => void;
}

/** Replays a plan. */
export class TrainingLoop {
  readonly #parts: LoopParts;
  readonly #stats: Stats;
  #step: number;
  /** Steps submitted since the history was last copied. */
  #unread = 0;
  #reading = Promise.resolve();
  /** A read failed, or whoever is told of steps threw: the epoch ends with that. */
  #isBroken = false;
  /** What a run ended with. */
  #failure: { readonly error: unknown } | undefined;
  /** An epoch's steps are done, its end is not. */
  #owesEnd: boolean;
  /** Of the epoch that steps were last made of: a run that is stopped and goes on reports all of them. */
  #window: ReportWindow | undefined;
  #onFirstStep: LoopCallbacks['onFirstStep'];
  /** Whoever is told of steps has taken it in. Rejects with what was thrown there. */
  #told: Promise<unknown> = Promise.resolve();
  #running: Promise<boolean> | undefined;
  #isDestroyed = false;
  /** Steps are being submitted. */
  #isStepping = false;
  /** What waits for a rest, and what is done in one. */
  readonly #waiting: (() => Promise<void>)[] = [];
  #resting: Promise<unknown> = Promise.resolve();
  /** What an epoch's steps take their samples from, made while the one before is computed. */
  #orders: { readonly epoch: number; readonly ofReplica: readonly Uint32Array<ArrayBuffer>[] } | undefined;

  constructor(parts: LoopParts) {
    const { gpu, recorded, step, owesEnd } = parts;
    this.#parts = parts;
    this.#stats = new Stats(gpu, recorded.history, recorded.counters, step);
    this.#step = step;
    this.#owesEnd = owesEnd;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** What is not reported of the steps done, where all of them have been read. */
  get unreported(): Unreported | undefined {
    return this.#window === undefined ? this.#parts.unreported : this.#window.unreported(this.#step);
  }

  /** A last partial batch is left out; a new epoch's order brings its samples back. */
  get stepsPerEpoch(): number {
    const { training, settings } = this.#parts;
    return Math.floor(training.count / settings.batchSize);
  }

  /**
   * Trains to the last step; `onEpochEnd` behind each epoch and the last step, and first where the last run ended in it, or it was false: not yet
   * done. False where the signal stopped it.
   * @throws NonFiniteLoss naming step and replica, unless `onNonFinite` takes it; GpuError where the device fails; Error where it runs already;
   *   what the steps of an earlier run ended with
   */
  async run(onEpochEnd: () => Promise<boolean>, callbacks: LoopCallbacks): Promise<boolean> {
    if (this.#running !== undefined) throw new Error('this trainer trains already');
    if (this.#isDestroyed) throw new Error('this trainer was destroyed');
    this.#running = this.#run(onEpochEnd, callbacks);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
      await this.#rest(async () => {
        for (const work of this.#waiting.splice(0)) await work();
      });
    }
  }

  /** Does `work` while no step is on its way: now, or between two submits. */
  atRest<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isStepping) {
      return new Promise((resolve, reject) => this.#waiting.push(() => work().then(resolve, reject)));
    }
    return this.#rest(work);
  }

  /** No step is submitted before `work` is done. */
  #rest<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    this.#resting = Promise.allSettled([this.#resting, done]);
    return done;
  }

  /** Steps may be submitted again: all is done that began in a rest, also what began while the rest was waited for. */
  async #rested(): Promise<void> {
    let seen: unknown;
    while (seen !== this.#resting) {
      seen = this.#resting;
      await seen;
    }
    this.#isStepping = true;
  }

  /** Ends a run, and frees what it reads with when that has come to its end, and what waited for it. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    await this.#running?.catch(() => {}); // Whoever started it is told.
    await this.#resting;
    this.#stats.destroy();
  }

  async #run(onEpochEnd: () => Promise<boolean>, callbacks: LoopCallbacks): Promise<boolean> {
    const { settings, pacer } = this.#parts;
    // Told of replicas whose loss is not finite, a run goes on with the others.
    if (this.#failure?.error instanceof NonFiniteLoss && callbacks.onNonFinite) this.#failure = undefined;
    if (this.#failure !== undefined) throw this.#failure.error;
    const losses = new Losses(settings.replicas, callbacks.onNonFinite);
    this.#onFirstStep = callbacks.onFirstStep;
    const endEpoch = async () => {
      this.#owesEnd = !(await onEpochEnd());
    };
    if (this.#owesEnd) await endEpoch();
    while (this.#step < settings.steps && !callbacks.signal?.aborted && !this.#isDestroyed) {
      const isWhole = await this.#epoch(callbacks, losses).catch((error: unknown) => {
        this.#failure = { error };
        throw error;
      });
      // Where a stop comes with an epoch's last steps, its end still comes: whoever goes on begins with the next epoch.
      if (!isWhole) break;
      this.#owesEnd = true;
      await endEpoch();
    }
    await pacer.drain();
    return this.#step >= settings.steps;
  }

  /** Trains to the end of the epoch and reports all of it. False where the signal stopped it before. */
  async #epoch({ onReport, interlude, between, signal }: LoopCallbacks, losses: Losses): Promise<boolean> {
    const { settings, plan, pacer, unreported } = this.#parts;
    const { stepsPerEpoch } = this;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const end = Math.min(settings.steps, (epoch + 1) * stepsPerEpoch);
    this.#writeOrders(epoch);
    if (this.#window?.epochEnd !== end) {
      const isFirst = this.#window === undefined;
      this.#window = new ReportWindow(settings, stepsPerEpoch, end, () => pacer.paceOf(plan));
      if (isFirst && unreported !== undefined) this.#window.goOn(unreported, this.#step);
    }
    const window = this.#window;
    window.onReport = onReport && ((report) => this.#follow(onReport(report)));
    const goesOn = () =>
      this.#step < end && !signal?.aborted && !this.#isDestroyed && !this.#isBroken && !losses.failure;
    await this.#rested();
    try {
      while (goesOn()) {
        const rest = this.#waiting.shift() ?? interlude?.();
        if (rest === undefined) {
          between?.();
          await this.#submit(end, window, losses);
        } else {
          await this.#finishReading(window, losses);
          this.#isStepping = false;
          await rest();
          await this.#rested();
        }
      }
      if (this.#step >= end && end < settings.steps) this.#orders = this.#ordersOf(epoch + 1);
      await this.#finishReading(window, losses);
    } finally {
      this.#isStepping = false;
    }
    losses.throwFailure();
    return this.#step >= end;
  }

  /** Submits steps up to `end`, and reads what they leave where a report is due: several, where a submit is longer than from one to the next. */
  async #submit(end: number, window: ReportWindow, losses: Losses): Promise<void> {
    const { gpu, settings, plan, pacer, onSubmit } = this.#parts;
    const mayBeUnread = this.#stats.capacity / 2;
    const want = Math.min(end - this.#step, Math.max(mayBeUnread - this.#unread, 1));
    let staging: GPUBuffer | undefined;
    await pacer.submit(plan, want, (encoder, portion) => {
      // Counted with the submit: whoever copies the state behind it says the same step.
      this.#step += portion;
      this.#unread += portion;
      onSubmit();
      // What is skipped while all staging is in use comes with the next copy.
      if (this.#unread >= settings.reportSteps || this.#step >= end) staging = this.#stats.copy(encoder);
    });
    const onFirstStep = this.#onFirstStep;
    if (onFirstStep !== undefined) {
      this.#follow(
        gpu.device.queue.onSubmittedWorkDone().then(
          () => onFirstStep(),
          () => {},
        ),
      );
      this.#onFirstStep = undefined;
    }
    if (staging !== undefined) {
      this.#unread = 0;
      this.#reading = this.#stats.read(staging, (step) => window.add(step), losses.add);
      this.#reading.catch(this.#breaks);
    }
    if (this.#unread > mayBeUnread) await this.#reading;
  }

  readonly #breaks = () => {
    this.#isBroken = true; // #finishReading tells.
  };

  /** Takes what a callback gave back. */
  #follow(told: unknown): void {
    if (!(told instanceof Promise)) return;
    this.#told = Promise.all([this.#told, told]);
    this.#told.catch(this.#breaks);
  }

  #writeOrders(epoch: number): void {
    const { gpu, recorded } = this.#parts;
    const { order } = recorded;
    const orders = this.#orders?.epoch === epoch ? this.#orders : this.#ordersOf(epoch);
    for (const [replica, samples] of orders.ofReplica.entries()) {
      gpu.device.queue.writeBuffer(order.buffer, replica * order.replicaStride * 4, samples);
    }
    this.#orders = undefined;
  }

  #ordersOf(epoch: number) {
    const { settings, training } = this.#parts;
    const { shuffle, flip, cropPixels, replicas } = settings;
    const { firstImage, count } = training;
    const ofReplica = replicas.map(({ seed }) =>
      epochOrder({ seed, epoch, firstImage, count, shuffle, flip, cropPixels }),
    );
    return { epoch, ofReplica };
  }

  /** Reads what no report has read yet: before an interlude, at the end of an epoch or of a stopped run. */
  async #finishReading(window: ReportWindow, losses: Losses): Promise<void> {
    const { gpu, pacer } = this.#parts;
    await pacer.drain();
    const encoder = gpu.device.createCommandEncoder({ label: 'last report of an epoch' });
    const staging = this.#stats.copy(encoder);
    if (staging === undefined)
      throw new Error('stats: every staging buffer is still in use after all work is done');
    gpu.device.queue.submit([encoder.finish()]);
    this.#unread = 0;
    await this.#stats.read(staging, (step) => window.add(step), losses.add);
    await this.#told;
  }
}

/** Replicas whose loss stopped being finite, each told of once. */
class Losses {
  readonly #replicas: readonly ReplicaSettings[];
  readonly #tell: ((event: NonFinite) => void) | undefined;
  readonly #seen = new Set<number>();
  /** What ends the run. */
  failure: NonFinite | undefined;

  constructor(replicas: readonly ReplicaSettings[], tell: ((event: NonFinite) => void) | undefined) {
    this.#replicas = replicas;
    this.#tell = tell;
  }

  readonly add = (event: NonFinite): void => {
    if (this.#seen.has(event.replica)) return;
    this.#seen.add(event.replica);
    if (this.#tell === undefined) this.failure ??= event;
    else this.#tell(event);
  };

  /** @throws NonFiniteLoss */
  throwFailure(): void {
    if (this.failure === undefined) return;
    const { replica, step } = this.failure;
    throw new NonFiniteLoss('loss', this.#replicas, replica, `at step ${step}`);
  }
}
