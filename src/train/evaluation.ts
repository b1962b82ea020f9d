import { IMAGE_BYTES } from '../data/cifar10.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { Allocator, type Tensor } from '../gpu/tensor.ts';
import { call } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import type { VariantChoice } from '../kernels/variant-choice.ts';
import type { Model } from '../nn/model.ts';
import { evaluationPass } from '../nn/net.ts';
import type { GpuDataset, GpuImages } from './dataset.ts';
import { gatherCall } from './gather-call.ts';
import type { Pacer } from './pacer.ts';
import { compilePlan, type Plan } from './plan.ts';
import { readTensors } from './stats.ts';

/** Mean cross-entropy and accuracy over a split. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Images of one evaluation step. The last batch of a split may be partial. */
const evaluationBatch = 500;

/** Scores all replicas of a model on a fixed list of images; the images are gathered once for all replicas. */
export class Evaluation {
  readonly #gpu: Gpu;
  readonly #pacer: Pacer;
  readonly #allocator: Allocator;
  readonly #plan: Plan;
  readonly #tensors: ReturnType<typeof makeTensors>;
  readonly #count: number;
  /** (R, B, LD) of the last step. */
  readonly #logits: Tensor;
  readonly #classes: number;

  private constructor(
    gpu: Gpu,
    pacer: Pacer,
    allocator: Allocator,
    plan: Plan,
    tensors: ReturnType<typeof makeTensors>,
    count: number,
    logits: Tensor,
    classes: number,
  ) {
    this.#gpu = gpu;
    this.#pacer = pacer;
    this.#allocator = allocator;
    this.#plan = plan;
    this.#tensors = tensors;
    this.#count = count;
    this.#logits = logits;
    this.#classes = classes;
  }

  /** Compiles the plan for `samples`, entries of sample-order.ts into `images`. */
  static async make(
    gpu: Gpu,
    pipelines: PipelineCache,
    pacer: Pacer,
    choose: VariantChoice,
    model: Model,
    dataset: GpuDataset,
    images: GpuImages,
    samples: Uint32Array<ArrayBuffer>,
  ): Promise<Evaluation> {
    const count = samples.length;
    const B = Math.min(evaluationBatch, count);
    const steps = Math.ceil(count / B);
    const allocator = new Allocator(gpu);
    const tensors = makeTensors(allocator, model.replicas, B, steps, count);
    gpu.device.queue.writeBuffer(tensors.order.buffer, 0, samples);
    const { x, labels, counters, order, history } = tensors;
    const pass = evaluationPass(allocator, model, { x, labels, counters }, B, count, gpu.capabilities);
    const shared = { order, counters: { ...counters, replicas: 1 }, x, labels };
    const { rowLoss, rowHit } = pass;
    const plan = await compilePlan(
      'evaluation',
      gpu,
      pipelines,
      [
        gatherCall('evaluation gather', dataset, images, shared, B, steps, false),
        ...pass.calls,
        call(
          'evaluation step end',
          stepEnd,
          { M: B, HISTORY: steps },
          { rowLoss, rowHit, history, counters },
        ),
      ],
      choose,
    );
    return new Evaluation(gpu, pacer, allocator, plan, tensors, count, pass.logits, model.spec.classes);
  }

  /** Scores every replica with its parameters and running statistics as they are when this is called. */
  async run(): Promise<Score[]> {
    const { history } = this.#tensors;
    const steps = history.size / 2;
    this.#restart();
    for (let step = 0; step < steps; ) {
      step += await this.#pacer.submit(this.#plan, steps - step);
    }
    const [bytes] = await readTensors(this.#gpu, [history]);
    const values = new Float32Array(bytes!);
    return Array.from({ length: history.replicas }, (_, replica) => {
      let loss = 0;
      let hits = 0;
      for (let step = 0; step < steps; step++) {
        loss += values[replica * history.replicaStride + 2 * step]!;
        hits += values[replica * history.replicaStride + 2 * step + 1]!;
      }
      return { loss: loss / this.#count, accuracy: hits / this.#count };
    });
  }

  /** Per replica, at t · classes + p: samples of class t whose largest logit (the first of equal ones) is that of class p. */
  async confusion(): Promise<number[][]> {
    const { history, labels } = this.#tensors;
    const classes = this.#classes;
    const { replicas, replicaStride } = this.#logits;
    const ld = this.#logits.size / labels.size;
    const counts = Array.from({ length: replicas }, () => new Array<number>(classes * classes).fill(0));
    this.#restart();
    for (let step = 0; step < history.size / 2; step++) {
      await this.#pacer.submit(this.#plan, 1);
      const [logitBytes, labelBytes] = await readTensors(this.#gpu, [this.#logits, labels]);
      const logits = new Float32Array(logitBytes!);
      const labelsOfStep = new Uint32Array(labelBytes!);
      const rows = Math.min(labels.size, this.#count - step * labels.size);
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

  #restart(): void {
    const encoder = this.#gpu.device.createCommandEncoder({ label: 'evaluation' });
    encoder.clearBuffer(this.#tensors.counters.buffer);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    this.#allocator.destroy();
  }
}

function makeTensors(allocator: Allocator, replicas: number, B: number, steps: number, count: number) {
  return {
    x: allocator.tensor('evaluation x', B * IMAGE_BYTES),
    labels: allocator.tensor('evaluation batch labels', B),
    order: allocator.tensor('evaluation order', count),
    counters: allocator.tensor('evaluation counters', 4, replicas),
    history: allocator.tensor('evaluation history', 2 * steps, replicas),
  };
}
