import type { Gpu } from '../gpu/device.ts';
import { Allocator, firstReplica, type Tensor } from '../gpu/tensor.ts';
import { call } from '../kernels/call.ts';
import { stepEnd } from '../kernels/step-end.ts';
import { splitSums } from '../nn/fuse.ts';
import { storedSize } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';
import { evaluationPass } from '../nn/passes.ts';
import type { GpuSplit } from './dataset.ts';
import { gatherCall } from './gather-call.ts';
import type { Pacer } from './pacer.ts';
import { compilePlan, type Plan, type PlanTools } from './plan.ts';
import { readTensors } from './stats.ts';

/** Mean cross-entropy and accuracy over a split. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Images of one evaluation step. The last batch of a split may be partial. */
const evaluationBatch = 500;

/** What is scored on what. */
export interface EvaluationTarget {
  readonly model: Model;
  readonly split: GpuSplit;
  /** Entries of sample-order.ts into `split`. */
  readonly samples: Uint32Array<ArrayBuffer>;
}

/** Scores all replicas of a model on a fixed list of samples; they are gathered once for all replicas. */
export class Evaluation {
  readonly #parts: EvaluationParts;

  private constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  /** Compiles the plan. */
  static async make(
    tools: PlanTools & { readonly pacer: Pacer },
    { model, split, samples }: EvaluationTarget,
  ): Promise<Evaluation> {
    const { gpu, pacer } = tools;
    const { capabilities } = gpu;
    const count = samples.length;
    const B = Math.min(evaluationBatch, count);
    const steps = Math.ceil(count / B);
    const allocator = new Allocator(gpu);
    const input = inputOf(model.spec);
    const x = allocator.tensor('evaluation x', B * storedSize(input));
    const labels = allocator.tensor('evaluation batch labels', B);
    const order = allocator.tensor('evaluation order', count);
    const counters = allocator.tensor('evaluation counters', 4, model.replicas);
    const history = allocator.tensor('evaluation history', 2 * steps, model.replicas);
    gpu.device.queue.writeBuffer(order.buffer, 0, samples);
    const batch = { x, labels, counters };
    const pass = evaluationPass({ allocator, model, batch, batchSize: B, total: count, capabilities });
    const { rowLoss, rowHit, logits } = pass;
    const calls = [
      gatherCall(
        { label: 'evaluation gather', input, split, batchSize: B, stepsPerEpoch: steps },
        { order, counters: firstReplica(counters), x, labels },
      ),
      ...splitSums(pass.calls, capabilities, allocator),
      call('evaluation step end', stepEnd, { M: B, HISTORY: steps }, { rowLoss, rowHit, history, counters }),
    ];
    const plan = await compilePlan({ ...tools, label: 'evaluation' }, calls);
    const classes = model.spec.classes;
    return new Evaluation({ gpu, pacer, allocator, plan, labels, counters, history, logits, count, classes });
  }

  /** Scores every replica with its parameters and running statistics as they are when this is called. */
  async run(): Promise<Score[]> {
    const { history, gpu, pacer, plan, count } = this.#parts;
    const steps = history.size / 2;
    this.#restart();
    for (let step = 0; step < steps; ) {
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

  /** Per replica, at t · classes + p: samples of class t whose largest logit (the first of equal ones) is that of class p. */
  async confusion(): Promise<number[][]> {
    const { history, labels, classes, logits: all, gpu, pacer, plan, count } = this.#parts;
    const { replicas, replicaStride } = all;
    const ld = all.size / labels.size;
    const counts = Array.from({ length: replicas }, () => new Array<number>(classes * classes).fill(0));
    this.#restart();
    for (let step = 0; step < history.size / 2; step++) {
      await pacer.submit(plan, 1);
      const [logitBytes, labelBytes] = await readTensors(gpu, [all, labels]);
      const logits = new Float32Array(logitBytes!);
      const labelsOfStep = new Uint32Array(labelBytes!);
      const rows = Math.min(labels.size, count - step * labels.size);
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

  /** Per replica: logits (n, classes) of the first `n` samples, of the first batch. @throws RangeError where that has fewer */
  async logits(n: number): Promise<Float32Array<ArrayBuffer>[]> {
    const { labels, logits, classes, count, gpu, pacer, plan } = this.#parts;
    if (n > Math.min(labels.size, count)) throw new RangeError(`the first batch has no ${n} samples`);
    const { replicas, replicaStride } = logits;
    const ld = logits.size / labels.size;
    this.#restart();
    await pacer.submit(plan, 1);
    const [bytes] = await readTensors(gpu, [logits]);
    const values = new Float32Array(bytes!);
    return Array.from({ length: replicas }, (_, replica) =>
      Float32Array.from(
        { length: n * classes },
        (_, i) => values[replica * replicaStride + Math.floor(i / classes) * ld + (i % classes)]!,
      ),
    );
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
  /** (B), of the last step. */
  readonly labels: Tensor;
  readonly counters: Tensor;
  readonly history: Tensor;
  /** (R, B, LD) of the last step. */
  readonly logits: Tensor;
  /** Samples. */
  readonly count: number;
  readonly classes: number;
}
