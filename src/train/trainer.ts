import type { TrainingSplits } from '../data/splits.ts';
import type { TestViews } from '../data/test-views.ts';
import { adapterName, type Gpu } from '../gpu/device.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import {
  defaultChoice,
  forcedChoice,
  recordedChoice,
  type VariantChoice,
} from '../kernels/variant-choice.ts';
import { isTrained } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { extractSegment, type NamedTensor } from '../nn/parameters.ts';
import { replaceBatchStatistics, statisticsChunk } from './batch-statistics.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { GpuDataset } from './dataset.ts';
import type { Score } from './evaluation.ts';
import { Evaluations, type ScoredSplit } from './evaluations.ts';
import { type Pace, Pacer, type PacerOptions } from './pacer.ts';
import type { Plan, PlanTools } from './plan.ts';
import { type MeasureStep, type PreparedStep, prepareStep } from './prepared-step.ts';
import type { BatchStatisticsSpec, TrainSettings } from './settings.ts';
import { checkSettings } from './settings-check.ts';
import { initialArenas, withLoadedStatistics, writeStepTables } from './start-values.ts';
import { arenasOf, averagesOf, readArenas, stateDict, writeArenas } from './state.ts';
import { readTensors } from './stats.ts';
import type { RecordedStep } from './step.ts';
import { type LoopCallbacks, TrainingLoop } from './training-loop.ts';
import { unlessStopped } from './unless-stopped.ts';
import { whiteningOf } from './whitening.ts';

/** Scores on the validation split after an epoch. */
export interface ValidationReport {
  readonly step: number;
  readonly epoch: number;
  readonly validation: readonly Score[];
}

export interface TrainCallbacks extends LoopCallbacks {
  readonly onValidation?: (report: ValidationReport) => void;
  /** After each epoch, with the state at its end. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
}

export interface TrainerOptions {
  /** Picks the variants of the step's kernels. This option and those below, to `oneWorkgroup`, are what `forcedKernels` and `measuredKernels` give. */
  readonly choose?: VariantChoice;
  /**
   * Variants by op that evaluations and batch-norm statistics use; otherwise they take the defaults, never what was measured, so that a run that goes on
   * elsewhere scores as one in a piece. A checkpoint has its own.
   */
  readonly forced?: Readonly<Record<string, string>>;
  /** Says what to use instead of `choose`. Not asked where a checkpoint goes on. */
  readonly measure?: MeasureStep;
  /** Let the first layer read the images' bytes itself. By default where that is faster: where its products have preferred variants of its width (SwiftShader), without crops. */
  readonly fuseGather?: boolean | undefined;
  /** Compute all behind the first layer's product in one workgroup per replica. A checkpoint has its own. */
  readonly oneWorkgroup?: boolean | undefined;
  /** Initial values instead of random ones: a state dict, the same for every replica. Running statistics in it are averaged from the first step on. */
  readonly weights?: readonly NamedTensor[];
  /** Go on from here instead of starting, with the variants that computed it. Of the settings that are given `steps` counts: all others are its own. */
  readonly checkpoint?: Checkpoint;
  /** Told when the step's pipelines are there, before they are measured and whether or not the data have arrived. What it throws `make` rejects with. */
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
  readonly #forced: Readonly<Record<string, string>>;
  readonly #allocator: Allocator;
  readonly #recorded: RecordedStep;
  readonly #pacer: Pacer;
  readonly #loop: TrainingLoop;
  readonly #evaluations: Evaluations;
  /** An epoch ended with the last step, and a signal came before it was scored. */
  #isUnscored: boolean;

  private constructor({ settings, gpu, dataset, prepared, forced, checkpoint, pacing }: TrainerParts) {
    const { plan, recorded, splits, allocator } = prepared;
    const { step = 0, unreported, unscored = false } = checkpoint ?? {};
    this.settings = settings;
    this.plan = plan;
    this.#gpu = gpu;
    this.#dataset = dataset;
    this.#splits = splits;
    this.#forced = forced;
    this.#isUnscored = unscored;
    this.#allocator = allocator;
    this.#recorded = recorded;
    this.#pacer = new Pacer(gpu, pacing);
    this.#loop = new TrainingLoop({
      gpu,
      settings,
      plan,
      recorded,
      training: splits.training,
      pacer: this.#pacer,
      step,
      unreported,
      owesEnd: unscored,
      onSubmit: () => this.#evaluations.stateChanged(),
    });
    this.#evaluations = new Evaluations({
      gpu,
      tools: this.#tools,
      model: recorded.model,
      dataset,
      splits,
      step: {
        batchSize: settings.batchSize,
        orderSize: recorded.order.size,
        stepsPerEpoch: this.stepsPerEpoch,
        fused: recorded.fused,
      },
    });
  }

  /**
   * Allocates, compiles while the data arrive, initialises. Nothing is made after that but what an evaluation needs.
   * @throws what the data's arrival rejects with; GpuError where the adapter refuses a buffer or a kernel; Error where weights or checkpoint do not fit;
   *   RangeError naming the setting that no run can have, or the layer where the net does not fit the data.
   */
  static async make(
    gpu: Gpu,
    dataset: GpuDataset,
    given: TrainSettings,
    options: TrainerOptions = {},
  ): Promise<Trainer> {
    const { checkpoint, weights, choose = defaultChoice, measure, onCompiled, pacing } = options;
    let settings = given;
    if (checkpoint !== undefined) settings = { ...checkpoint.settings, steps: given.steps };
    else if (weights !== undefined) settings = { ...given, net: withLoadedStatistics(given.net, weights) };
    checkSettings(settings);
    if (dataset.device !== gpu.device) throw new Error('the data set is on another device');
    const prepared = await prepareStep(gpu, dataset, settings, {
      choose: checkpoint === undefined ? choose : recordedChoice(checkpoint.variants, choose),
      // A run that goes on elsewhere computes what it can with what was forced.
      forced: checkpoint === undefined ? (options.forced ?? {}) : {},
      measure: checkpoint === undefined ? measure : undefined,
      fuseGather: checkpoint?.fused ?? options.fuseGather,
      oneWorkgroup: checkpoint?.oneWorkgroup ?? options.oneWorkgroup,
      onCompiled,
    });
    const forced = checkpoint?.forced ?? options.forced ?? {};
    const { count } = prepared.splits.training;
    if (checkpoint?.samples !== undefined && checkpoint.samples !== count) {
      prepared.allocator.destroy();
      throw new Error(`the checkpoint is of ${checkpoint.samples} training samples, not of ${count}`);
    }
    const trainer = new Trainer({ settings, gpu, dataset, prepared, forced, checkpoint, pacing });
    try {
      await trainer.#writeStart(options);
      gpu.check();
    } catch (error) {
      await trainer.destroy();
      throw error;
    }
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
    for (let r = 0; r < counters.replicas; r++) start[r * counters.replicaStride] = this.step;
    this.#gpu.device.queue.writeBuffer(counters.buffer, 0, start);
  }

  /** Steps done. */
  get step(): number {
    return this.#loop.step;
  }

  /** Training steps of an epoch. A last partial batch is left out; a new epoch's order brings its samples back. */
  get stepsPerEpoch(): number {
    return this.#loop.stepsPerEpoch;
  }

  /** Training steps so far, and the time in which any were submitted and not done: gaps between submits do not count. */
  get pace(): Pace {
    return this.#pacer.paceOf(this.plan);
  }

  /** GPU memory of the population, without data set and evaluations, bytes. */
  get sizeBytes(): number {
    return this.#allocator.sizeBytes;
  }

  /**
   * Trains from the current step to the last one, with validation after each epoch and at the end.
   * Returns false where the signal stopped it. One that comes while an epoch is scored stops that too: whoever goes on begins with it.
   * @throws NonFiniteLoss naming step and replica, unless `onNonFinite` takes it; GpuError where the device fails; Error where it trains already, or was
   *   destroyed; what a callback threw. Later calls reject with the same, but with `onNonFinite` go on behind a
   *   NonFiniteLoss, and begin with the end of the epoch where `onValidation` or `onCheckpoint` threw
   */
  train({ onValidation, onCheckpoint, ...callbacks }: TrainCallbacks = {}): Promise<boolean> {
    const endEpoch = async () => {
      const { step } = this;
      if (this.settings.valSize > 0) {
        const score = () => this.evaluate('validation', undefined, callbacks.signal);
        const validation = await unlessStopped(callbacks.signal, score);
        this.#isUnscored = validation === undefined;
        if (validation !== undefined)
          await onValidation?.({ step, epoch: step / this.stepsPerEpoch, validation });
      }
      await onCheckpoint?.(await this.checkpoint());
      return !this.#isUnscored;
    };
    return this.#loop.run(endEpoch, callbacks);
  }

  /**
   * Makes what evaluations of these splits need while steps go on. Resolves when it is there, or has failed: an evaluation then says why.
   */
  prepareEvaluations(...splits: readonly ScoredSplit[]): Promise<void> {
    return this.#evaluations.prepare(splits);
  }

  /**
   * Scores every replica, with running statistics, on the validation or the test images, or on the average over views of them. In the middle of a training
   * it rests for that.
   * @throws RangeError where there is no validation split; the signal's reason where that stopped it
   */
  evaluate(split: ScoredSplit, views?: TestViews, signal?: AbortSignal): Promise<readonly Score[]> {
    return this.#loop.atRest(() => this.#evaluations.score(split, views, signal));
  }

  /** Per replica, at t · classes + p: test images of class t for which class p has the largest logit. */
  confusion(signal?: AbortSignal): Promise<number[][]> {
    return this.#loop.atRest(() => this.#evaluations.confusion(signal));
  }

  /** Per replica: logits (n, classes) of the first `n` test images. */
  testLogits(n: number): Promise<Float32Array<ArrayBuffer>[]> {
    return this.#loop.atRest(() => this.#evaluations.logits(n));
  }

  /**
   * Replaces the running statistics of batch norm, from each replica's own random samples: see batch-statistics.ts.
   * Training and checkpoints do not do this by themselves; training on would average from there.
   * @throws RangeError where the split has fewer samples
   */
  async replaceStatistics(spec: BatchStatisticsSpec, chunkSize = statisticsChunk): Promise<void> {
    const seeds = this.settings.replicas.map(({ seed }) => seed);
    const source = { dataset: this.#dataset, training: this.#splits.training, seeds };
    const replace = () => replaceBatchStatistics(this.#tools, this.model, source, { ...spec, chunkSize });
    await this.#loop.atRest(() => this.#evaluations.change(replace));
  }

  /** What evaluations and statistics are made with: the variants that the user forced, else the defaults. */
  get #tools(): PlanTools & { readonly pacer: Pacer } {
    const choose = forcedChoice(this.#forced);
    return { gpu: this.#gpu, choose, pacer: this.#pacer };
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
    const { unreported } = this.#loop;
    return {
      settings: this.settings,
      step: this.step,
      samples: this.#splits.training.count,
      ...(unreported && { unreported }),
      ...(this.#isUnscored && { unscored: true }),
      variants: this.plan.variants,
      fused: this.#recorded.fused,
      oneWorkgroup: this.#recorded.oneWorkgroup,
      forced: this.#forced,
      adapter: adapterName(this.#gpu.adapter),
      arenas: await readArenas(this.#gpu, this.#arenas()),
    };
  }

  /** Ends a training that goes on, and frees the population's buffers; the data set stays. Not to be awaited in a callback of that training. */
  async destroy(): Promise<void> {
    await this.#loop.destroy();
    await this.#evaluations.destroy();
    this.#allocator.destroy();
  }

  #arenas(): Record<string, Tensor> {
    const { optimizer, averaging } = this.#recorded;
    return { ...arenasOf(this.model, optimizer.state), ...averagesOf(averaging) };
  }
}

interface TrainerParts {
  readonly settings: TrainSettings;
  readonly gpu: Gpu;
  readonly dataset: GpuDataset;
  readonly prepared: PreparedStep;
  readonly forced: Readonly<Record<string, string>>;
  readonly checkpoint: Checkpoint | undefined;
  readonly pacing: PacerOptions | undefined;
}
