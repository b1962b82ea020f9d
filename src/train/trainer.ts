import { epochOrder } from '../data/sample-order.ts';
import type { ImageRange } from '../data/splits.ts';
import { adapterName, type Gpu } from '../gpu/device.ts';
import { PipelineCache } from '../gpu/pipelines.ts';
import { Allocator, type Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import { defaultChoice, forcedChoice, type VariantChoice } from '../kernels/variant-choice.ts';
import { type Model, makeModel } from '../nn/model.ts';
import { trainingPass } from '../nn/net.ts';
import { extractSegment, type NamedTensor } from '../nn/parameters.ts';
import { makeOptimizer, type Optimizer } from '../optim/optimizer.ts';
import { replaceBatchStatistics, statisticsChunk } from './batch-statistics.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type GpuDataset, trainingSplits } from './dataset.ts';
import { Evaluation, type Score } from './evaluation.ts';
import { NonFiniteLoss } from './finite.ts';
import { trainingInput } from './gather-call.ts';
import { type Pace, Pacer } from './pacer.ts';
import { compilePlan, type Plan } from './plan.ts';
import { ReportWindow, type TrainReport } from './report-window.ts';
import type { BatchStatisticsSpec, TrainSettings } from './settings.ts';
import { initialArenas, writeTables } from './start-values.ts';
import { arenasOf, readArenas, stateDict, writeArenas } from './state.ts';
import { type NonFinite, readTensors, Stats } from './stats.ts';

/** Scores on the validation split after an epoch. */
export interface ValidationReport {
  readonly step: number;
  readonly epoch: number;
  readonly validation: readonly Score[];
}

export interface TrainCallbacks {
  readonly onReport?: (report: TrainReport) => void;
  readonly onValidation?: (report: ValidationReport) => void;
  /** After each epoch, with the state at its end. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
  /** A replica's loss is not finite, told once. Where this is given, the others go on; without it the run ends. */
  readonly onNonFinite?: (event: NonFinite) => void;
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
  /** Measures the plan's ops and says what to use instead of `choose`. The buffers hold nothing yet. */
  readonly measure?: (pipelines: PipelineCache, calls: readonly KernelCall[]) => Promise<VariantChoice>;
  /** Let the first layer read the images' bytes itself. By default where that is faster: on software adapters, without crops. */
  readonly fuseGather?: boolean;
  /** Initial values instead of random ones: a state dict, the same for every replica. */
  readonly weights?: readonly NamedTensor[];
  /** Go on from here instead of starting. */
  readonly checkpoint?: Checkpoint;
}

/** Trains a population of nets of one architecture on one device. */
export class Trainer {
  readonly settings: TrainSettings;
  readonly model: Model;
  readonly plan: Plan;
  readonly #gpu: Gpu;
  readonly #dataset: GpuDataset;
  readonly #pipelines: PipelineCache;
  readonly #forced: Readonly<Record<string, string>>;
  readonly #allocator: Allocator;
  readonly #pacer: Pacer;
  readonly #optimizer: Optimizer;
  readonly #stats: Stats;
  readonly #order: Tensor;
  readonly #training: ImageRange;
  readonly #validation: ImageRange;
  #evaluations = new Map<string, Promise<Evaluation>>();
  #step: number;

  private constructor(parts: TrainerParts) {
    this.settings = parts.settings;
    this.model = parts.model;
    this.plan = parts.plan;
    this.#gpu = parts.gpu;
    this.#dataset = parts.dataset;
    this.#pipelines = parts.pipelines;
    this.#forced = parts.forced;
    this.#allocator = parts.allocator;
    this.#optimizer = parts.optimizer;
    this.#order = parts.order;
    this.#training = parts.training;
    this.#validation = parts.validation;
    this.#step = parts.step;
    this.#pacer = new Pacer(parts.gpu);
    this.#stats = new Stats(parts.gpu, parts.history, parts.counters, parts.step);
  }

  /**
   * Allocates, compiles, initialises. Nothing is made after that but what an evaluation needs.
   * @throws GpuError where the adapter refuses a buffer or a kernel; Error where weights or checkpoint do not fit.
   */
  static async make(
    gpu: Gpu,
    dataset: GpuDataset,
    settings: TrainSettings,
    {
      choose: choice = defaultChoice,
      forced = {},
      measure,
      fuseGather,
      weights,
      checkpoint,
    }: TrainerOptions = {},
  ): Promise<Trainer> {
    const { batchSize: B, steps } = settings;
    const R = settings.replicas.length;
    const { training, validation } = trainingSplits(dataset, settings.valSize, B);
    const stepsPerEpoch = Math.floor(training.count / B);
    const allocator = new Allocator(gpu);
    const pipelines = new PipelineCache(gpu);
    const model = makeModel(allocator, settings.net, R);
    const counters = allocator.tensor('counters', 4, R);
    const order = allocator.tensor('sample order', training.count, R);
    const labels = allocator.tensor('labels', B, R);
    const HISTORY = 2048 + 2 * settings.reportSteps;
    const history = allocator.tensor('history', 2 * HISTORY, R);

    const input = trainingInput(allocator, dataset, { order, counters, labels }, B, stepsPerEpoch, {
      crop: settings.cropPixels > 0,
      fused: fusesGather(gpu, settings, fuseGather, checkpoint),
    });
    const pass = trainingPass(
      allocator,
      model,
      { x: input.x, labels, counters },
      B,
      gpu.capabilities,
      settings.labelSmoothing,
    );
    const { params, grads, layout } = model;
    const optimizer = makeOptimizer(
      allocator,
      settings.optimizer,
      { params, grads, counters, parameterCount: layout.parameterCount, decayedCount: layout.decayedCount },
      steps,
    );
    const { rowLoss, rowHit } = pass;
    const calls = [
      ...input.calls,
      ...pass.calls,
      optimizer.call,
      call('step end', stepEnd, { M: B, HISTORY }, { rowLoss, rowHit, history, counters }),
    ];
    const choose = (await measure?.(pipelines, calls)) ?? choice;
    const plan = await compilePlan('training step', gpu, pipelines, calls, choose);

    const step = checkpoint?.step ?? 0;
    const trainer = new Trainer({
      gpu,
      dataset,
      settings,
      pipelines,
      forced: checkpoint?.forced ?? forced,
      allocator,
      model,
      optimizer,
      plan,
      order,
      history,
      counters,
      training,
      validation,
      step,
    });
    writeTables(gpu, optimizer, settings);
    writeArenas(
      gpu,
      trainer.#arenas(),
      checkpoint?.arenas ?? initialArenas(model, optimizer.state, settings, weights),
    );
    const start = new Uint32Array(counters.replicaStride * R);
    for (let replica = 0; replica < R; replica++) start[replica * counters.replicaStride] = step;
    gpu.device.queue.writeBuffer(counters.buffer, 0, start);
    gpu.check();
    return trainer;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Training steps of an epoch. A last partial batch is left out; a new epoch's order brings its samples back. */
  get stepsPerEpoch(): number {
    return Math.floor(this.#training.count / this.settings.batchSize);
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
    onValidation,
    onCheckpoint,
    onNonFinite,
    signal,
  }: TrainCallbacks = {}): Promise<boolean> {
    const { steps, reportSteps } = this.settings;
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
        let staging: GPUBuffer | undefined;
        const want = Math.min(epochEnd - this.#step, Math.max(reportSteps - unread, 1));
        const done = await this.#pacer.submit(this.plan, want, (encoder, portion) => {
          // A copy at every report and at the end of the epoch. What is skipped while all staging is in use comes with the next.
          if (unread + portion >= reportSteps || this.#step + portion >= epochEnd)
            staging = this.#stats.copy(encoder);
        });
        this.#step += done;
        unread = staging === undefined ? unread + done : 0;
        if (staging !== undefined) {
          reading = this.#stats.read(staging, (step) => window.add(step), lose);
          reading.catch(() => {});
        }
        if (unread > this.#stats.capacity / 2) await reading;
      }
      await this.#finishReading(window, lose);
      if (failure !== undefined) throw this.#nonFinite(failure);
      // Where all steps are done there is nothing to stop: the last validation and checkpoint belong to them.
      if (stopped() && this.#step < steps) break;
      if (this.settings.valSize > 0) {
        const validation = await this.evaluate('validation');
        onValidation?.({ step: this.#step, epoch: this.#step / this.stepsPerEpoch, validation });
      }
      await onCheckpoint?.(await this.checkpoint());
    }
    await this.#pacer.drain();
    return this.#step >= steps;
  }

  /** Scores every replica, with running statistics, on the validation or the test images. */
  async evaluate(split: 'validation' | 'test'): Promise<Score[]> {
    return (await this.#evaluation(split)).run();
  }

  /** Per replica, at t · classes + p: test images of class t for which class p has the largest logit. */
  async confusion(): Promise<number[][]> {
    return (await this.#evaluation('test')).confusion();
  }

  #evaluation(split: 'validation' | 'test'): Promise<Evaluation> {
    this.#gpu.check();
    let evaluation = this.#evaluations.get(split);
    if (evaluation === undefined) {
      const dataset = this.#dataset;
      const { firstImage, count } =
        split === 'test' ? { firstImage: 0, count: dataset.test.count } : this.#validation;
      evaluation = Evaluation.make(
        this.#gpu,
        this.#pipelines,
        this.#pacer,
        forcedChoice(this.#forced),
        this.model,
        dataset,
        split === 'test' ? dataset.test : dataset.train,
        Uint32Array.from({ length: count }, (_, i) => firstImage + i),
      );
      this.#evaluations.set(split, evaluation);
    }
    return evaluation;
  }

  /**
   * Replaces the running statistics of batch norm, from each replica's own random samples: see batch-statistics.ts.
   * Training and checkpoints do not do this by themselves; training on would average from there.
   * @throws RangeError where the split has fewer samples
   */
  async replaceStatistics(spec: BatchStatisticsSpec, chunkSize = statisticsChunk): Promise<void> {
    const seeds = this.settings.replicas.map(({ seed }) => seed);
    const source = { dataset: this.#dataset, training: this.#training, seeds };
    await replaceBatchStatistics(
      this.#gpu,
      this.#pipelines,
      this.#pacer,
      forcedChoice(this.#forced),
      this.model,
      source,
      spec,
      chunkSize,
    );
  }

  /** A state dict per replica. */
  async weights(): Promise<NamedTensor[][]> {
    const arenas = await readArenas(this.#gpu, arenasOf(this.model, {}));
    const { layout, replicas } = this.model;
    return Array.from({ length: replicas }, (_, replica) => stateDict(layout, arenas, replica, replicas));
  }

  /** Gradients of the loss at the last step, without the L2 term, as a state dict per replica. */
  async gradients(): Promise<NamedTensor[][]> {
    const { layout, grads, replicas } = this.model;
    const [bytes] = await readTensors(this.#gpu, [grads]);
    const values = new Float32Array(bytes!);
    return Array.from({ length: replicas }, (_, replica) => {
      const flat = values.subarray(replica * grads.replicaStride);
      return layout.parameters.map((segment) => extractSegment(flat, segment));
    });
  }

  /** The state at the current step. */
  async checkpoint(): Promise<Checkpoint> {
    return {
      settings: this.settings,
      step: this.#step,
      variants: this.plan.variants,
      forced: this.#forced,
      adapter: adapterName(this.#gpu.adapter),
      arenas: await readArenas(this.#gpu, this.#arenas()),
    };
  }

  /** Frees the population's buffers; the data set stays. */
  async destroy(): Promise<void> {
    for (const made of await Promise.allSettled(this.#evaluations.values())) {
      if (made.status === 'fulfilled') made.value.destroy();
    }
    this.#stats.destroy();
    this.#allocator.destroy();
  }

  #arenas(): Record<string, Tensor> {
    return arenasOf(this.model, this.#optimizer.state);
  }

  #writeOrder(epoch: number): void {
    const { shuffle, flip, cropPixels, replicas } = this.settings;
    const { firstImage, count } = this.#training;
    for (const [replica, { seed }] of replicas.entries()) {
      const order = epochOrder({ seed, epoch, firstImage, count, shuffle, flip, cropPixels });
      this.#gpu.device.queue.writeBuffer(this.#order.buffer, replica * this.#order.replicaStride * 4, order);
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

/**
 * Whether the first layer fetches the images. On SwiftShader that saves a fifth of a step of the base net; a GPU
 * prefers one gather and plain matmuls.
 */
function fusesGather(
  { capabilities }: Gpu,
  { cropPixels }: TrainSettings,
  wanted: boolean | undefined,
  checkpoint: Checkpoint | undefined,
): boolean {
  if (cropPixels > 0) return false;
  if (checkpoint !== undefined) return !('gather' in checkpoint.variants);
  return wanted ?? (capabilities.software && capabilities.subgroups);
}

interface TrainerParts {
  readonly gpu: Gpu;
  readonly dataset: GpuDataset;
  readonly settings: TrainSettings;
  readonly pipelines: PipelineCache;
  readonly forced: Readonly<Record<string, string>>;
  readonly allocator: Allocator;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly plan: Plan;
  readonly order: Tensor;
  readonly history: Tensor;
  readonly counters: Tensor;
  readonly training: ImageRange;
  readonly validation: ImageRange;
  readonly step: number;
}
