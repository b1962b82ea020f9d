import type { ImageRange } from '../data/splits.ts';
import { type TestView, viewSamples } from '../data/test-views.ts';
import type { Gpu } from '../gpu/device.ts';
import { type Allocator, allocating, firstReplica, type Tensor } from '../gpu/tensor.ts';
import { call } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import { fuseGather, splitSums } from '../nn/fuse.ts';
import { storedSize } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';
import { allFull, evaluationPass } from '../nn/passes.ts';
import type { GpuSplit } from './dataset.ts';
import { gatherCall } from './gather-call.ts';
import type { Pacer } from './pacer.ts';
import { mostSamples } from './pass-size.ts';
import { compilePlan, type Plan, type PlanTools } from './plan.ts';
import { whole } from './settings-check.ts';
import { readTensors } from './stats.ts';

/** Mean cross-entropy and accuracy over a split. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Images of one evaluation step where training's batches are too small or too large for it. The last batch of a split may be partial. */
const usualBatch = 500;
const smallestBatch = 50;

/** Sizes that the texts of a training step's kernels hold. An evaluation with the same has the same texts, which are compiled by then. */
export interface StepSizes {
  readonly batchSize: number;
  /** Entries of `order`. */
  readonly orderSize: number;
  readonly stepsPerEpoch: number;
  /** The first layer reads the images' bytes itself. */
  readonly fused: boolean;
}

const batchOf = ({ batchSize }: StepSizes): number =>
  batchSize >= smallestBatch && batchSize <= usualBatch ? batchSize : usualBatch;

const asItIs: TestView = { flip: false, shift: 0, weight: 1 };

/** What is scored on what. */
export interface EvaluationTarget {
  readonly model: Model;
  readonly split: GpuSplit;
  /** Its images. */
  readonly range: ImageRange;
  /** Views of each image, whose logits are averaged; the image alone unless given. */
  readonly views?: readonly TestView[];
  /** Of the training step. */
  readonly step: StepSizes;
}

/** Scores all replicas of a model on some images, the same for all. */
export class Evaluation {
  readonly #parts: EvaluationParts;

  private constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  /** Compiles the plan. @throws RangeError for views of what is no image; GpuError where the adapter refuses a buffer or a kernel */
  static make(tools: PlanTools & { readonly pacer: Pacer }, target: EvaluationTarget): Promise<Evaluation> {
    return allocating(tools.gpu, (allocator) => Evaluation.#make(allocator, tools, target));
  }

  static async #make(
    allocator: Allocator,
    tools: PlanTools & { readonly pacer: Pacer },
    { model, split, range, views = [asItIs], step }: EvaluationTarget,
  ): Promise<Evaluation> {
    const { gpu, pacer } = tools;
    const { capabilities } = gpu;
    const { count } = range;
    if (views.length > 1 && split.kind !== 'images') throw new RangeError('only images have views');
    /** Images of a step, and its rows: views of them. */
    const rows = Math.min(batchOf(step), mostSamples(gpu, model));
    const images = Math.min(Math.max(1, Math.floor(rows / views.length)), count);
    const B = images * views.length;
    const steps = Math.ceil(count / images);
    const samples = viewSamples(range, views, images);
    const stepsPerEpoch = Math.max(steps, step.stepsPerEpoch);
    const input = inputOf(model.spec);
    const x = allocator.tensor('evaluation x', B * storedSize(input));
    const labels = allocator.tensor('evaluation batch labels', B);
    const order = allocator.tensor('evaluation order', Math.max(samples.length, step.orderSize));
    const counters = allocator.tensor('evaluation counters', 4, model.replicas);
    const history = allocator.tensor('evaluation history', 2 * steps, model.replicas);
    gpu.device.queue.writeBuffer(order.buffer, 0, samples);
    const batch = { x, labels, counters };
    const total = count % images === 0 ? allFull : count;
    const viewWeights = views.length === 1 ? undefined : allocator.tensor('view weights', views.length);
    if (viewWeights !== undefined) {
      const weights = Float32Array.from(views, ({ weight }) => weight);
      gpu.device.queue.writeBuffer(viewWeights.buffer, 0, weights);
    }
    const pass = evaluationPass({ allocator, model, batch, batchSize: B, total, viewWeights, capabilities });
    const { rowLoss, rowHit, logits } = pass;
    const gathered = [
      gatherCall(
        {
          label: 'evaluation gather',
          input,
          split,
          batchSize: B,
          stepsPerEpoch,
          ...(views.some(({ shift }) => shift !== 0) && { crop: true, border: 'reflect' as const }),
        },
        { order, counters: firstReplica(counters), x, labels },
      ),
      ...pass.calls,
    ];
    const calls = [
      ...splitSums(step.fused ? fuseGather(gathered) : gathered, capabilities, allocator),
      call(
        'evaluation step end',
        stepEnd,
        { M: images, HISTORY: steps },
        { rowLoss, rowHit, history, counters },
      ),
    ];
    const plan = await compilePlan({ ...tools, label: 'evaluation' }, calls);
    const classes = model.spec.classes;
    return new Evaluation({
      gpu,
      pacer,
      allocator,
      plan,
      labels,
      counters,
      history,
      logits,
      images,
      count,
      classes,
    });
  }

  /**
   * Scores every replica with its parameters and running statistics, which nothing may change until this has resolved.
   * @throws the signal's reason where that stopped it, between submits
   */
  async run(signal?: AbortSignal): Promise<Score[]> {
    const { history, gpu, pacer, plan, count } = this.#parts;
    const steps = history.size / 2;
    this.#restart();
    for (let step = 0; step < steps; ) {
      signal?.throwIfAborted();
      step += await pacer.submit(plan, steps - step);
    }
    const [bytes] = await readTensors(gpu, [history]);
    const values = new Float32Array(bytes!);
    return Array.from({ length: history.replicas }, (_, replica) => {
      let loss = 0;
      let hits = 0;
      for (let step = 0; step < steps; step++) {
        loss += values[replica * history.replicaStride + 2 * step]!;
        hits += values[replica * history.replicaStride + 2 * step + 1]!;
      }
      return { loss: loss / count, accuracy: hits / count };
    });
  }

  /**
   * Per replica, at t · classes + p: samples of class t whose largest logit (the first of equal ones) is that of class p.
   * @throws the signal's reason where that stopped it
   */
  async confusion(signal?: AbortSignal): Promise<number[][]> {
    const { history, labels, classes, logits: all, gpu, pacer, plan, images, count } = this.#parts;
    const { replicas, replicaStride } = all;
    const ld = all.size / images;
    const counts = Array.from({ length: replicas }, () => new Array<number>(classes * classes).fill(0));
    this.#restart();
    for (let step = 0; step < history.size / 2; step++) {
      signal?.throwIfAborted();
      await pacer.submit(plan, 1);
      const [logitBytes, labelBytes] = await readTensors(gpu, [all, labels]);
      const logits = new Float32Array(logitBytes!);
      const labelsOfStep = new Uint32Array(labelBytes!);
      const rows = Math.min(images, count - step * images);
      for (const [replica, table] of counts.entries()) {
        for (let row = 0; row < rows; row++) {
          const first = replica * replicaStride + row * ld;
          const ofRow = logits.subarray(first, first + classes);
          const predicted = ofRow.reduce((best, logit, c) => (logit > ofRow[best]! ? c : best), 0);
          table[labelsOfStep[row]! * classes + predicted]!++;
        }
      }
    }
    return counts;
  }

  /** Per replica: logits (n, classes) of the first `n` samples. @throws RangeError where there are fewer, or `n` is none */
  async logits(n: number): Promise<Float32Array<ArrayBuffer>[]> {
    const { logits, classes, images, count, gpu, pacer, plan } = this.#parts;
    whole('n', n, 1, count);
    const { replicas, replicaStride } = logits;
    const ld = logits.size / images;
    const found = Array.from({ length: replicas }, () => new Float32Array(n * classes));
    this.#restart();
    for (let first = 0; first < n; first += images) {
      await pacer.submit(plan, 1);
      const [bytes] = await readTensors(gpu, [logits]);
      const values = new Float32Array(bytes!);
      for (const [replica, ofReplica] of found.entries()) {
        for (let row = 0; row < Math.min(images, n - first); row++) {
          const at = replica * replicaStride + row * ld;
          ofReplica.set(values.subarray(at, at + classes), (first + row) * classes);
        }
      }
    }
    return found;
  }

  #restart(): void {
    const { gpu, counters } = this.#parts;
    const encoder = gpu.device.createCommandEncoder({ label: 'evaluation' });
    encoder.clearBuffer(counters.buffer);
    gpu.device.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    this.#parts.allocator.destroy();
  }
}

interface EvaluationParts {
  readonly gpu: Gpu;
  readonly pacer: Pacer;
  readonly allocator: Allocator;
  readonly plan: Plan;
  /** (B), of the last step; the first `images` of them are those of the images. */
  readonly labels: Tensor;
  readonly counters: Tensor;
  readonly history: Tensor;
  /** (R, images, LD) of the last step. */
  readonly logits: Tensor;
  /** Images of a step, and of all. */
  readonly images: number;
  readonly count: number;
  readonly classes: number;
}
