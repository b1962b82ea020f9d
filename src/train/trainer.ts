import { epochOrder } from '../data/sample-order.ts';
import type { TrainingSplits } from '../data/splits.ts';
import type { TestViews } from '../data/test-views.ts';
import { adapterName, type Capabilities, type Gpu } from '../gpu/device.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import { Allocator, type Tensor } from '../gpu/tensor.ts';
import { defaultChoice, forcedChoice, type VariantChoice } from '../kernels/variant-choice.ts';
import { isTrained } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { isTailMadeFor } from '../nn/net-tail.ts';
import { extractSegment, type NamedTensor } from '../nn/parameters.ts';
import { replaceBatchStatistics, statisticsChunk } from './batch-statistics.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type GpuDataset, trainingSplits } from './dataset.ts';
import type { Score } from './evaluation.ts';
import { Evaluations, type ScoredSplit } from './evaluations.ts';
import { NonFiniteLoss } from './finite.ts';
import { type Pace, Pacer, type PacerOptions } from './pacer.ts';
import { compilePlan, type Plan, type PlanTools } from './plan.ts';
import { ReportWindow, type TrainReport } from './report-window.ts';
import type { BatchStatisticsSpec, TrainSettings } from './settings.ts';
import { initialArenas, withLoadedStatistics, writeStepTables } from './start-values.ts';
import { arenasOf, averagesOf, readArenas, stateDict, writeArenas } from './state.ts';
import { type NonFinite, readTensors, Stats } from './stats.ts';
import { inOneWorkgroup, type RecordedStep, recordStep, type StepOptions } from './step.ts';
import type { StepCalls, StepChoice } from './step-choice.ts';
import { whiteningOf } from './whitening.ts';

/** Scores on the validation split after an epoch. */
export interface ValidationReport {
  readonly step: number;
  readonly epoch: number;
  readonly validation: readonly Score[];
}

export interface TrainCallbacks {
  readonly onReport?: (report: TrainReport) => void;
  /** The first submit, of one step, is done. */
  readonly onFirstStep?: () => void;
  readonly onValidation?: (report: ValidationReport) => void;
  /** After each epoch, with the state at its end. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
  /** A replica's loss is not finite, told once. Where this is given, the others go on; without it the run ends. */
  readonly onNonFinite?: (event: NonFinite) => void;
  /**
   * Asked between submits. Where it gives something to do, the steps already submitted are finished and reported first; training goes on when
   * that has resolved. Bits and reports stay those of a run without interludes.
   */
  readonly interlude?: () => (() => Promise<void>) | undefined;
  /** Stops cleanly after the steps already submitted. */
  readonly signal?: AbortSignal;
}

export interface TrainerOptions {
  readonly choose?: VariantChoice;
  /**
   * Variants by op that evaluations and batch-norm statistics use; otherwise they take the defaults, never what was measured, so that a run that goes on
   * elsewhere scores as one in a piece. A checkpoint has its own.
   */
  readonly forced?: Readonly<Record<string, string>>;
  /** Measures the plan's ops, and whole steps where they may be in one workgroup, and says what to use instead of `choose`. The step's buffers hold nothing yet; the data have arrived. */
  readonly measure?: (pipelines: PipelineCache, steps: StepCalls) => Promise<StepChoice>;
  /** Let the first layer read the images' bytes itself. By default where that is faster: where its products have preferred variants of its width (SwiftShader), without crops. */
  readonly fuseGather?: boolean | undefined;
  /** Compute all behind the first layer's product in one workgroup per replica. A checkpoint has its own. */
  readonly oneWorkgroup?: boolean | undefined;
  /** Initial values instead of random ones: a state dict, the same for every replica. Running statistics in it are averaged from the first step on. */
  readonly weights?: readonly NamedTensor[];
  /** Go on from here instead of starting. */
  readonly checkpoint?: Checkpoint;
  /** Compiled pipelines of this device, to use and to add to: a second run of the same net compiles nothing. */
  readonly pipelines?: PipelineCache;
  /** Told when the step's pipelines are there, before they are measured and whether or not the data have arrived. */
  readonly onCompiled?: () => void;
  /** How long a submit should last: less than usual where the device was lost before. */
  readonly pacing?: PacerOptions;
}

/** Trains a population of nets of one architecture on one device. */
export class Trainer {
  readonly settings: TrainSettings;
  readonly plan: Plan;
  readonly #gpu: Gpu;
  readonly #dataset: GpuDataset;
  readonly #splits: TrainingSplits;
  readonly #pipelines: PipelineCache;
  readonly #forced: Readonly<Record<string, string>>;
  readonly #allocator: Allocator;
  readonly #recorded: RecordedStep;
  readonly #pacer: Pacer;
  readonly #stats: Stats;
  readonly #evaluations: Evaluations;
  #step: number;

  private constructor(parts: TrainerParts) {
    this.settings = parts.settings;
    this.plan = parts.plan;
    this.#gpu = parts.gpu;
    this.#dataset = parts.dataset;
    this.#splits = parts.splits;
    this.#pipelines = parts.pipelines;
    this.#forced = parts.forced;
    this.#allocator = parts.allocator;
    this.#recorded = parts.recorded;
    this.#step = parts.step;
    this.#pacer = new Pacer(parts.gpu, parts.pacing);
    const { history, counters } = parts.recorded;
    this.#stats = new Stats(parts.gpu, history, counters, parts.step);
    this.#evaluations = new Evaluations({
      gpu: parts.gpu,
      tools: this.#tools,
      model: this.model,
      dataset: parts.dataset,
      splits: parts.splits,
      step: {
        batchSize: parts.settings.batchSize,
        orderSize: parts.recorded.order.size,
        stepsPerEpoch: this.stepsPerEpoch,
        fused: parts.recorded.fused,
      },
    });
  }

  /**
   * Allocates, compiles while the data arrive, initialises. Nothing is made after that but what an evaluation needs.
   * @throws what the data's arrival rejects with; GpuError where the adapter refuses a buffer or a kernel; Error where weights or checkpoint do not fit;
   *   RangeError where the net does not fit the data.
   */
  static async make(
    gpu: Gpu,
    dataset: GpuDataset,
    given: TrainSettings,
    options: TrainerOptions = {},
  ): Promise<Trainer> {
    const { checkpoint, weights, choose = defaultChoice, measure } = options;
    const settings =
      weights === undefined ? given : { ...given, net: withLoadedStatistics(given.net, weights) };
    const splits = trainingSplits(dataset, settings.valSize, settings.batchSize);
    const pipelines = options.pipelines ?? new PipelineCache(gpu);
    const allocator = new Allocator(gpu);
    const asked = checkpoint?.oneWorkgroup ?? options.oneWorkgroup;
    let recorded = recordStep(allocator, {
      ...stepOptions(settings, gpu.capabilities),
      oneWorkgroup: asked ?? false,
      source: {
        kind: 'dataset',
        dataset,
        samples: splits.training.count,
        crop: settings.cropPixels > 0,
        border: settings.cropBorder ?? 'black',
        fused: checkpoint?.fused ?? options.fuseGather,
      },
    });
    const tools = { label: 'training step', gpu, pipelines };
    const compiling = compilePlan({ ...tools, choose }, recorded.calls);
    compiling.then(options.onCompiled, () => {});
    const [usual] = await Promise.all([compiling, dataset.arrived]).catch(async (error: unknown) => {
      await Promise.allSettled([compiling]);
      allocator.destroy();
      throw error;
    });
    let plan = usual;
    if (measure !== undefined) {
      const mayBeShort = asked === undefined && isTailMadeFor(recorded, gpu.capabilities);
      const short = mayBeShort ? inOneWorkgroup(allocator, recorded) : undefined;
      const steps = { separate: recorded.calls, oneWorkgroup: short?.calls, forced: options.forced ?? {} };
      const found = await measure(pipelines, steps);
      if (found.oneWorkgroup && short !== undefined) recorded = short;
      plan = await compilePlan({ ...tools, choose: found.choose }, recorded.calls);
    }
    const trainer = new Trainer({
      settings,
      plan,
      gpu,
      dataset,
      splits,
      pipelines,
      forced: checkpoint?.forced ?? options.forced ?? {},
      allocator,
      recorded,
      step: checkpoint?.step ?? 0,
      pacing: options.pacing,
    });
    await trainer.#writeStart(options);
    gpu.check();
    return trainer;
  }

  get model(): Model {
    return this.#recorded.model;
  }

  async #writeStart({ weights, checkpoint }: TrainerOptions): Promise<void> {
    const { optimizer, averaging, counters, model } = this.#recorded;
    writeStepTables(this.#gpu, { optimizer, averaging }, this.settings);
    const values =
      checkpoint?.arenas ??
      initialArenas(model, { state: optimizer.state, averaging }, this.settings, {
        weights,
        filters: await whiteningOf(this.#gpu, model.layers, this.#dataset, this.#splits.training),
      });
    writeArenas(this.#gpu, this.#arenas(), values);
    const start = new Uint32Array(counters.replicaStride * counters.replicas);
    for (let r = 0; r < counters.replicas; r++) start[r * counters.replicaStride] = this.#step;
    this.#gpu.device.queue.writeBuffer(counters.buffer, 0, start);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Training steps of an epoch. A last partial batch is left out; a new epoch's order brings its samples back. */
  get stepsPerEpoch(): number {
    return Math.floor(this.#splits.training.count / this.settings.batchSize);
  }

  /** GPU time of the training steps so far. */
  get pace(): Pace {
    return this.#pacer.paceOf(this.plan);
  }

  /** GPU memory of the population, without data set and evaluations, bytes. */
  get sizeBytes(): number {
    return this.#allocator.sizeBytes;
  }

  /**
   * Trains from the current step to the last one, with validation after each epoch and at the end.
   * Returns false where the signal stopped it.
   * @throws NonFiniteLoss naming step and replica, unless `onNonFinite` takes it; GpuError where the device fails.
   */
  async train({
    onReport,
    onFirstStep,
    onValidation,
    onCheckpoint,
    onNonFinite,
    interlude,
    signal,
  }: TrainCallbacks = {}): Promise<boolean> {
    const { steps, reportSteps } = this.settings;
    const firstStep = this.#step;
    const stopped = () => signal?.aborted ?? false;
    let failure: NonFinite | undefined;
    const lost = new Set<number>();
    const lose = (event: NonFinite) => {
      if (lost.has(event.replica)) return;
      lost.add(event.replica);
      if (onNonFinite === undefined) failure ??= event;
      else onNonFinite(event);
    };
    let unread = 0;
    while (this.#step < steps && !stopped()) {
      const epoch = Math.floor(this.#step / this.stepsPerEpoch);
      const epochEnd = Math.min(steps, (epoch + 1) * this.stepsPerEpoch);
      this.#writeOrder(epoch);
      const window = new ReportWindow(this.settings, this.stepsPerEpoch, epochEnd, () => this.pace, onReport);
      let reading = Promise.resolve();
      while (this.#step < epochEnd && !stopped() && failure === undefined) {
        const rest = interlude?.();
        if (rest !== undefined) {
          await this.#finishReading(window, lose);
          unread = 0;
          await rest();
          continue;
        }
        let staging: GPUBuffer | undefined;
        const want = Math.min(epochEnd - this.#step, Math.max(reportSteps - unread, 1));
        const done = await this.#pacer.submit(this.plan, want, (encoder, portion) => {
          // A copy at every report and at the end of the epoch. What is skipped while all staging is in use comes with the next.
          if (unread + portion >= reportSteps || this.#step + portion >= epochEnd)
            staging = this.#stats.copy(encoder);
        });
        if (onFirstStep !== undefined && this.#step === firstStep) {
          this.#gpu.device.queue.onSubmittedWorkDone().then(onFirstStep, () => {});
        }
        this.#step += done;
        this.#evaluations.stateChanged();
        unread = staging === undefined ? unread + done : 0;
        if (staging !== undefined) {
          reading = this.#stats.read(staging, (step) => window.add(step), lose);
          reading.catch(() => {});
        }
        if (unread > this.#stats.capacity / 2) await reading;
      }
      await this.#finishReading(window, lose);
      if (failure !== undefined) throw this.#nonFinite(failure);
      // A stop that comes with an epoch's last steps leaves its validation and checkpoint: whoever goes on begins with the next epoch.
      if (this.#step < epochEnd) break;
      if (this.settings.valSize > 0) {
        const validation = await this.evaluate('validation');
        onValidation?.({ step: this.#step, epoch: this.#step / this.stepsPerEpoch, validation });
      }
      await onCheckpoint?.(await this.checkpoint());
    }
    await this.#pacer.drain();
    return this.#step >= steps;
  }

  /**
   * Makes what evaluations of these splits need while steps go on. Resolves when it is there, or has failed: an evaluation then says why.
   */
  prepareEvaluations(...splits: readonly ScoredSplit[]): Promise<void> {
    return this.#evaluations.prepare(splits);
  }

  /** Scores every replica, with running statistics, on the validation or the test images, or on the average over views of them. */
  evaluate(split: ScoredSplit, views?: TestViews): Promise<Score[]> {
    return this.#evaluations.score(split, views);
  }

  /** Per replica, at t · classes + p: test images of class t for which class p has the largest logit. */
  confusion(): Promise<number[][]> {
    return this.#evaluations.confusion();
  }

  /** Per replica: logits (n, classes) of the first `n` test images. */
  testLogits(n: number): Promise<Float32Array<ArrayBuffer>[]> {
    return this.#evaluations.logits(n);
  }

  /**
   * Replaces the running statistics of batch norm, from each replica's own random samples: see batch-statistics.ts.
   * Training and checkpoints do not do this by themselves; training on would average from there.
   * @throws RangeError where the split has fewer samples
   */
  async replaceStatistics(spec: BatchStatisticsSpec, chunkSize = statisticsChunk): Promise<void> {
    const seeds = this.settings.replicas.map(({ seed }) => seed);
    const source = { dataset: this.#dataset, training: this.#splits.training, seeds };
    await replaceBatchStatistics(this.#tools, this.model, source, { ...spec, chunkSize });
    this.#evaluations.stateChanged();
  }

  /** What evaluations and statistics are made with: the variants that the user forced, else the defaults. */
  get #tools(): PlanTools & { readonly pacer: Pacer } {
    const choose = forcedChoice(this.#forced);
    return { gpu: this.#gpu, pipelines: this.#pipelines, choose, pacer: this.#pacer };
  }

  /** A state dict per replica. */
  async weights(): Promise<NamedTensor[][]> {
    const arenas = await readArenas(this.#gpu, arenasOf(this.model, {}));
    const { layout, replicas } = this.model;
    return Array.from({ length: replicas }, (_, replica) => stateDict(layout, arenas, replica, replicas));
  }

  /** Gradients of the loss at the last step, of the parameters that are trained, without the L2 term, as a state dict per replica. */
  async gradients(): Promise<NamedTensor[][]> {
    const { layout, grads, replicas } = this.model;
    const [bytes] = await readTensors(this.#gpu, [grads]);
    const values = new Float32Array(bytes!);
    return Array.from({ length: replicas }, (_, replica) => {
      const flat = values.subarray(replica * grads.replicaStride);
      const trained = layout.parameters.filter(({ parameter }) => isTrained(parameter));
      return trained.map((segment) => extractSegment(flat, segment));
    });
  }

  /** The state at the current step. */
  async checkpoint(): Promise<Checkpoint> {
    return {
      settings: this.settings,
      step: this.#step,
      variants: this.plan.variants,
      fused: this.#recorded.fused,
      oneWorkgroup: this.#recorded.oneWorkgroup,
      forced: this.#forced,
      adapter: adapterName(this.#gpu.adapter),
      arenas: await readArenas(this.#gpu, this.#arenas()),
    };
  }

  /** Frees the population's buffers; the data set stays. */
  async destroy(): Promise<void> {
    await this.#evaluations.destroy();
    this.#stats.destroy();
    this.#allocator.destroy();
  }

  #arenas(): Record<string, Tensor> {
    const { optimizer, averaging } = this.#recorded;
    return { ...arenasOf(this.model, optimizer.state), ...averagesOf(averaging) };
  }

  #writeOrder(epoch: number): void {
    const { shuffle, flip, cropPixels, replicas } = this.settings;
    const { firstImage, count } = this.#splits.training;
    const { order } = this.#recorded;
    for (const [replica, { seed }] of replicas.entries()) {
      const samples = epochOrder({ seed, epoch, firstImage, count, shuffle, flip, cropPixels });
      this.#gpu.device.queue.writeBuffer(order.buffer, replica * order.replicaStride * 4, samples);
    }
  }

  /** Reads what no report has read yet: the end of an epoch, or of a stopped run. */
  async #finishReading(window: ReportWindow, onNonFinite: (event: NonFinite) => void): Promise<void> {
    const { device } = this.#gpu;
    await this.#pacer.drain();
    const encoder = device.createCommandEncoder({ label: 'last report of an epoch' });
    const staging = this.#stats.copy(encoder);
    if (staging === undefined)
      throw new Error('stats: every staging buffer is still in use after all work is done');
    device.queue.submit([encoder.finish()]);
    await this.#stats.read(staging, (step) => window.add(step), onNonFinite);
  }

  #nonFinite({ replica, step }: NonFinite): NonFiniteLoss {
    return new NonFiniteLoss('loss', this.settings.replicas, replica, `at step ${step}`);
  }
}

/** What a step of these settings is recorded with, but for its source. */
export const stepOptions = (
  settings: TrainSettings,
  capabilities: Capabilities,
): Omit<StepOptions, 'source'> => ({
  net: settings.net,
  optimizer: settings.optimizer,
  batchSize: settings.batchSize,
  replicas: settings.replicas.length,
  steps: settings.steps,
  historySteps: 2048 + 2 * settings.reportSteps,
  labelSmoothing: settings.labelSmoothing ?? 0,
  ...(settings.lookahead !== undefined && { lookahead: settings.lookahead }),
  capabilities,
});

interface TrainerParts {
  readonly settings: TrainSettings;
  readonly plan: Plan;
  readonly gpu: Gpu;
  readonly dataset: GpuDataset;
  readonly splits: TrainingSplits;
  readonly pipelines: PipelineCache;
  readonly forced: Readonly<Record<string, string>>;
  readonly allocator: Allocator;
  readonly recorded: RecordedStep;
  readonly step: number;
  readonly pacing: PacerOptions | undefined;
}
