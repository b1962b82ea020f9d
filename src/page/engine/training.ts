// A training run in the page's worker: what `npm run train` does, with pauses, a checkpoint every two seconds, and a second device where the
// first is lost.
import { datasetOf } from '../../data/datasets/index.ts';
import { splitImages } from '../../data/record-set.ts';
import { forBriefRun, isBrief } from '../../train/brief-run.ts';
import { readCheckpoint } from '../../train/checkpoint.ts';
import { outcomeOf, prepareOutcome } from '../../train/outcome.ts';
import { readyReport } from '../../train/ready-report.ts';
import { type RunTuning, runChoices } from '../../train/run-choices.ts';
import { stepChoiceOf } from '../../train/step-choice.ts';
import { Trainer } from '../../train/trainer.ts';
import { readWeights } from '../../train/weights-file.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { CheckpointSlots } from './checkpoint-slots.ts';
import type { DataStore } from './data-store.ts';
import type { Device } from './device.ts';
import { EngineError, engineError } from './engine-error.ts';
import { Outbox } from './outbox.ts';
import type { EngineEvent, PauseReason, TrainOutcome, TrainRequest } from './protocol.ts';
import { softmaxRows } from './softmax.ts';
import { firstLayerPictures } from './weight-pictures.ts';

/** A tab that dies loses at most so much. */
const checkpointMs = 2000;
/** Test images whose likeliest classes are shown. */
const shownImages = 16;
/** Length of a submit, ms; half of it where the device was lost. */
const submitMs = 120;
/** The page hears of the steps at most so often. Where a CPU is the GPU, each painting takes its cores from training. */
const messageMs = { hardware: 100, software: 250 };

export interface TrainingHost {
  readonly device: Device;
  readonly store: DataStore;
  /** Undefined where the browser keeps no files: a run then survives the loss of the device, not of the tab. */
  readonly slots: CheckpointSlots | undefined;
  post(event: EngineEvent, transfer?: Transferable[]): void;
}

export class Training {
  readonly #host: TrainingHost;
  readonly #request: TrainRequest;
  readonly #stop = new AbortController();
  #pausedBy: PauseReason | undefined;
  #resume: (() => void) | undefined;
  #watched = { samples: false, weights: false };
  /** An evaluation came while nobody looked: what the net makes of the images is shown when somebody does. */
  #owesSamples = false;
  readonly #keeper: CheckpointKeeper;
  /** As counted last. */
  #objectsPerStep: number | null = null;

  constructor(host: TrainingHost, request: TrainRequest) {
    this.#host = host;
    this.#request = request;
    this.#keeper = new CheckpointKeeper(host.slots, request.runId, (step) =>
      host.post({ event: 'checkpoint', step, objectsPerStep: this.#objectsPerStep }),
    );
  }

  /** Trains to the end, or until it is stopped. @throws EngineError */
  async run(): Promise<TrainOutcome> {
    const { slots } = this.#host;
    const { runId, goesOn, mayBeginAgain } = this.#request;
    if (goesOn) {
      const kept = await slots?.read(runId);
      if (kept !== undefined) this.#keeper.begin(readCheckpoint(kept.file));
      else if (!mayBeginAgain)
        throw new EngineError('failed', 'this run has no whole checkpoint to go on from');
    }
    for (let losses = 0; ; ) {
      try {
        const outcome = await this.#attempt(submitMs / 2 ** losses);
        // Nobody waits for the storage, which may not answer.
        if (outcome.finished) void slots?.drop(runId);
        return outcome;
      } catch (error) {
        await this.#keeper.settled();
        const known = engineError(error);
        if (this.#stop.signal.aborted && known.kind !== 'diverged') {
          throw new EngineError('stopped', 'stopped before the first step');
        }
        if (known.kind !== 'lost') throw known;
        losses++;
        const asks = losses > 1;
        this.#host.device.forget();
        this.#host.post({ event: 'lost', losses, message: known.message, asks });
        if (asks) await this.#pauseUntilResumed('device', this.#keeper.newest?.step ?? 0);
        if (this.#stop.signal.aborted) throw new EngineError('stopped', 'stopped while the device was lost');
      }
    }
  }

  pause(by: PauseReason): void {
    this.#pausedBy = by;
  }

  resume(): void {
    this.#pausedBy = undefined;
    this.#resume?.();
  }

  stop(): void {
    this.#stop.abort(new EngineError('stopped', 'stopped'));
    this.#resume?.();
  }

  watch(watched: { readonly samples: boolean; readonly weights: boolean }): void {
    this.#watched = watched;
  }

  async #attempt(budgetMs: number): Promise<TrainOutcome> {
    const { device, store, post } = this.#host;
    const { tuned, variants, weights } = this.#request;
    const checkpoint = this.#keeper.newest;
    const settings = checkpoint?.settings ?? this.#request.settings;
    const { gpu, report, objects } = await device.open();
    post({ event: 'gpu', report });
    const set = datasetOf(settings);
    if (set !== store.set) {
      throw new EngineError('failed', `this page trains on ${store.set.title}, the run on ${set.title}`);
    }
    const { signal } = this.#stop;
    post({ event: 'preparing', what: 'reading the data', done: 0, total: 0 });
    const dataset = await device.dataset(
      gpu,
      store,
      { count: splitImages(set, 'train') - settings.valSize, by: settings.normalisation },
      signal,
      (doneBytes, totalBytes) => post({ event: 'data', what: 'uploading', doneBytes, totalBytes }),
    );
    signal.throwIfAborted();
    // Compiled while the data arrive, and told behind them.
    let compiled = { done: 0, total: 0 };
    let hasData = false;
    const tell = () => post({ event: 'preparing', what: 'compiling', ...compiled });
    dataset.arrived.then(
      () => {
        hasData = true;
        tell();
      },
      () => {},
    );
    gpu.pipelines.onProgress = (done, total) => {
      compiled = { done, total };
      if (hasData) tell();
    };
    const brief = isBrief(settings, { variants });
    const seen = brief ? forBriefRun(gpu) : gpu;
    const known = { key: '', ops: tuned };
    const isTuned = !brief && Object.keys(tuned).length > 0;
    // Nothing is measured here: what a step is made of is told by what was.
    const tuning: RunTuning = {
      known,
      measure: async (choiceOf, steps) => stepChoiceOf(known, steps, choiceOf),
    };
    const trainer = await Trainer.make(seen, dataset, settings, {
      ...runChoices(variants, isTuned && checkpoint === undefined ? tuning : undefined),
      pacing: { budgetMs },
      ...(weights && checkpoint === undefined && { weights: readWeights(weights) }),
      ...(checkpoint && { checkpoint }),
    });
    gpu.pipelines.onProgress = () => {};
    try {
      const kernels = seen !== gpu ? 'brief' : isTuned ? 'measured' : 'default';
      post({ event: 'ready', ...readyReport(trainer, { gpu, dataset, kernels, checkpoint }) });
      const outbox = new Outbox(
        (event, transfer) => post(event, transfer),
        report.adapter.software ? messageMs.software : messageMs.hardware,
      );
      const finished = await this.#train(trainer, objects, outbox);
      const { steps, busyMs } = trainer.pace;
      if (finished) post({ event: 'testing' });
      if (finished && settings.batchStatistics) await trainer.replaceStatistics(settings.batchStatistics);
      const asked = { confusion: true, toleratesDivergence: true };
      const outcome = await outcomeOf(trainer, asked, finished);
      return { ...outcome, finished, step: trainer.step, msPerStep: steps === 0 ? null : busyMs / steps };
    } finally {
      await trainer.destroy();
    }
  }

  /** False where it was stopped. */
  async #train(trainer: Trainer, objects: () => number, outbox: Outbox): Promise<boolean> {
    // Compiled while the first steps run.
    void prepareOutcome(trainer);
    const firstStep = trainer.step;
    const objectsBefore = objects();
    const keep = async () => {
      const steps = trainer.step - firstStep;
      this.#objectsPerStep = steps === 0 ? null : (objects() - objectsBefore) / steps;
      this.#keeper.keep(await trainer.checkpoint());
    };
    let keptMs = performance.now();
    let validated = 0;
    /** Copied behind the steps submitted so far, and read while the next ones run. */
    let reading: Promise<unknown> | undefined;
    const read = () => {
      if (reading !== undefined || performance.now() - keptMs < checkpointMs) return;
      keptMs = performance.now();
      // Where the device is lost, training tells.
      reading = Promise.allSettled([keep(), this.#show(trainer, false)]).finally(() => {
        reading = undefined;
      });
    };
    const rest = async () => {
      await reading;
      outbox.flush();
      await keep();
      await this.#show(trainer, validated > 0 || this.#owesSamples);
      validated = 0;
      keptMs = performance.now();
      if (this.#pausedBy !== undefined) await this.#pauseUntilResumed(this.#pausedBy, trainer.step);
    };
    const finished = await trainer
      .train({
        signal: this.#stop.signal,
        interlude: () =>
          this.#pausedBy !== undefined || validated > 0 || (this.#owesSamples && this.#watched.samples)
            ? rest
            : undefined,
        between: read,
        onReport: (report) => outbox.addReport(report),
        onValidation: (report) => {
          validated++;
          outbox.addValidation(report);
        },
        onNonFinite: ({ replica, step }) => this.#host.post({ event: 'diverged', replica, step }),
      })
      .finally(() => reading);
    outbox.flush();
    await keep();
    await this.#keeper.settled();
    // Whoever comes back to a run that is over finds its end.
    this.#watched = { samples: true, weights: true };
    if (finished) await this.#show(trainer, true);
    return finished;
  }

  /** What is on the screen: the first layer, and behind an evaluation what the net takes some images for. */
  async #show(trainer: Trainer, isEvaluated: boolean): Promise<void> {
    const { samples, weights } = this.#watched;
    if (weights) {
      const pictures = firstLayerPictures((await trainer.weights())[0]!, this.#host.store.set.image);
      if (pictures !== undefined)
        this.#host.post({ event: 'weights', ...pictures }, [pictures.pixels.buffer]);
    }
    if (!isEvaluated) return;
    this.#owesSamples = !samples;
    if (!samples) return;
    const probabilities = softmaxRows(
      (await trainer.testLogits(shownImages))[0]!,
      this.#host.store.set.classNames.length,
    );
    // Gone where another tab deleted the data: the run has them on the GPU, and goes on without pictures.
    const shown = await this.#host.store.testImages(shownImages).catch(() => undefined);
    if (shown === undefined) return;
    const { images, labels } = shown;
    this.#host.post({ event: 'samples', step: trainer.step, images, labels, probabilities }, [
      images.buffer,
      probabilities.buffer,
    ]);
  }

  async #pauseUntilResumed(by: PauseReason, step: number): Promise<void> {
    if (this.#stop.signal.aborted) return; // While the pause was on its way.
    const resumed = new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#host.post({ event: 'paused', by, step });
    await resumed;
    this.#resume = undefined;
    if (!this.#stop.signal.aborted) this.#host.post({ event: 'running' });
  }
}
