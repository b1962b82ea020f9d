/**
 * A population of nets on the GPU without a data set: training steps on batches that the test writes. Whatever a step
 * must compute is NaN before it.
 */
import type { Gpu } from '../../src/gpu/device.ts';
import { Allocator, type Tensor } from '../../src/gpu/tensor.ts';
import type { VariantChoice } from '../../src/kernels/variant-choice.ts';
import { splitSums } from '../../src/nn/fuse.ts';
import { initialState } from '../../src/nn/init.ts';
import { paddedWidth, storedSize } from '../../src/nn/layers/layer.ts';
import type { Model } from '../../src/nn/model.ts';
import { inputOf } from '../../src/nn/net.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import { extractSegment } from '../../src/nn/parameters.ts';
import { allFull, evaluationPass } from '../../src/nn/passes.ts';
import { lookaheadKeeps } from '../../src/optim/averaging.ts';
import type { OptimizerSpec } from '../../src/optim/index.ts';
import { writeTables } from '../../src/optim/optimizer.ts';
import { freeBiases } from '../../src/reference/gradient-report.ts';
import { channelsLast } from '../../src/reference/layers/image-order.ts';
import type { Numbers, StateDict } from '../../src/reference/numbers.ts';
import { padRows, unpadRows } from '../../src/reference/padded-rows.ts';
import { compilePlan, encodeStep, type Plan } from '../../src/train/plan.ts';
import { applyStateDict, arenasOf, readArenas, stateDict, writeArenas } from '../../src/train/state.ts';
import { readTensors } from '../../src/train/stats.ts';
import { type RecordedStep, recordStep } from '../../src/train/step.ts';

export interface NetOptions {
  readonly net: NetSpec;
  readonly batchSize: number;
  readonly optimizer: OptimizerSpec;
  readonly steps: number;
  /** Per replica: its initial state, learning rate and lambda. */
  readonly replicas: readonly {
    readonly initial: StateDict;
    readonly learningRate: number;
    readonly lambda: number;
  }[];
  /** Samples of the evaluation batch. */
  readonly evaluationSize?: number;
  readonly choose: VariantChoice;
  readonly labelSmoothing?: number;
  readonly lookahead?: number;
}

/** x (B, inputs) and labels (B) of one replica. */
export interface Batch {
  readonly x: Numbers;
  readonly labels: Numbers;
}

/** One replica's results of a step, tensors in PyTorch's layout. */
export interface StepResult {
  readonly logits: Float32Array;
  readonly loss: number;
  readonly hits: number;
  /** Without the L2 term. */
  readonly grads: Readonly<Record<string, Float32Array>>;
}

/** Buffers full of NaN: reading what nothing has written shows. */
class NanAllocator extends Allocator {
  readonly #queue: GPUQueue;

  constructor(gpu: Gpu) {
    super(gpu);
    this.#queue = gpu.device.queue;
  }

  override buffer(label: string, sizeBytes: number, usage?: GPUBufferUsageFlags): GPUBuffer {
    const buffer = super.buffer(label, sizeBytes, usage);
    this.#queue.writeBuffer(buffer, 0, new Float32Array(buffer.size / 4).fill(Number.NaN));
    return buffer;
  }
}

/** Samples as the net's first layer takes them: rows padded, images channels last and padded. */
function storedSamples(values: Numbers, net: NetSpec): Float32Array<ArrayBuffer> {
  const input = inputOf(net);
  if ('features' in input) return padRows(values, input.features, storedSize(input));
  const { channels } = input;
  return padRows(channelsLast(values, input), channels, paddedWidth(channels));
}

const named = (state: StateDict) =>
  Object.entries(state).map(([name, { shape, data }]) => ({ name, shape, data: Float32Array.from(data) }));

/** A gradient arena before a step: NaN wherever the step must write, 0 elsewhere. */
function unwrittenGradients(model: Model): Float32Array<ArrayBuffer> {
  const { layout, replicas, grads } = model;
  const values = new Float32Array(grads.replicaStride * replicas);
  const free = freeBiases(model.spec);
  for (let replica = 0; replica < replicas; replica++) {
    for (const segment of layout.parameters) {
      if (free.has(segment.name)) continue;
      const start = replica * grads.replicaStride + segment.start;
      values.fill(Number.NaN, start, start + segment.size);
    }
  }
  return values;
}

export class NetOnGpu {
  readonly plan: Plan;
  readonly model: Model;
  readonly #gpu: Gpu;
  readonly #options: NetOptions;
  readonly #allocators: readonly Allocator[];
  readonly #tensors: RecordedStep;
  #step = 0;

  private constructor(parts: {
    readonly gpu: Gpu;
    readonly options: NetOptions;
    readonly allocators: readonly Allocator[];
    readonly plan: Plan;
    readonly recorded: RecordedStep;
  }) {
    this.plan = parts.plan;
    this.model = parts.recorded.model;
    this.#gpu = parts.gpu;
    this.#options = parts.options;
    this.#allocators = parts.allocators;
    this.#tensors = parts.recorded;
  }

  static async make(gpu: Gpu, options: NetOptions): Promise<NetOnGpu> {
    const { net, batchSize, optimizer, steps, replicas, choose, labelSmoothing = 0, lookahead } = options;
    const allocator = new NanAllocator(gpu);
    const recorded = recordStep(allocator, {
      net,
      optimizer,
      source: { kind: 'batch' },
      batchSize,
      replicas: replicas.length,
      capabilities: gpu.capabilities,
      steps,
      historySteps: steps,
      labelSmoothing,
      ...(lookahead !== undefined && { lookahead }),
    });
    const tools = { gpu, choose };
    const plan = await compilePlan({ ...tools, label: 'training step' }, recorded.calls);
    const { queue } = gpu.device;
    const { optimizer: update, counters } = recorded;
    // Rates differ per replica: a rate of 1, times that of the replica.
    const scales = replicas.map(({ lambda, learningRate }) => ({ lambda, rateScale: learningRate }));
    writeTables(queue, update, optimizer, { steps, rateOf: () => 1, replicas: scales });
    for (const tensor of [counters, ...Object.values(update.state)]) {
      queue.writeBuffer(tensor.buffer, 0, new Float32Array(tensor.replicaStride * tensor.replicas));
    }
    if (lookahead !== undefined) {
      const { keeps } = recorded.averaging!;
      queue.writeBuffer(keeps.buffer, 0, lookaheadKeeps(lookahead, steps));
    }
    const made = new NetOnGpu({ gpu, options, allocators: [allocator], plan, recorded });
    made.#writeInitialState();
    return made;
  }

  #writeInitialState(): void {
    const { layout, params, running } = this.model;
    const { replicas } = this.#options;
    const values = {
      parameters: new Float32Array(params.replicaStride * replicas.length),
      statistics: new Float32Array(running.replicaStride * replicas.length),
    };
    for (const [r, { initial }] of replicas.entries()) {
      const parameters = new Float32Array(layout.parameterCount);
      const { statistics } = initialState(
        layout,
        'he',
        () => ({ normal: () => 0, float: () => 0 }),
        ({ parameter }) =>
          new Float32Array(parameter.torchShape.reduce((product, size) => product * size, 1)),
      );
      applyStateDict(layout, { parameters, statistics }, named(initial));
      values.parameters.set(parameters, r * params.replicaStride);
      values.statistics.set(statistics, r * running.replicaStride);
    }
    writeArenas(this.#gpu, arenasOf(this.model, {}), values);
    const slow = this.#tensors.averaging?.slow;
    if (slow !== undefined) writeArenas(this.#gpu, slow, values);
  }

  /** One training step: one batch per replica. */
  async step(batches: readonly Batch[]): Promise<StepResult[]> {
    const { net, batchSize: B } = this.#options;
    const { x, labels, history, logits } = this.#tensors;
    const { layout, grads } = this.model;
    const { queue } = this.#gpu.device;
    for (const [r, batch] of batches.entries()) {
      queue.writeBuffer(x.buffer, r * x.replicaStride * 4, storedSamples(batch.x, net));
      queue.writeBuffer(labels.buffer, r * labels.replicaStride * 4, Uint32Array.from(batch.labels));
    }
    queue.writeBuffer(grads.buffer, grads.offsetBytes, unwrittenGradients(this.model));
    this.#submit(this.plan);
    const buffers = await readTensors(this.#gpu, [logits, history, grads]);
    const [logitValues, historyValues, gradValues] = buffers.map((bytes) => new Float32Array(bytes));
    const step = this.#step++;
    const classesLd = paddedWidth(net.classes);
    return batches.map((_, r) => {
      const replica = (values: Float32Array, { replicaStride, size }: Tensor) =>
        values.subarray(r * replicaStride, r * replicaStride + size);
      const flat = replica(gradValues!, grads);
      const past = replica(historyValues!, history);
      return {
        logits: unpadRows(replica(logitValues!, logits), net.classes, classesLd),
        loss: past[2 * step]! / B,
        hits: past[2 * step + 1]!,
        grads: Object.fromEntries(
          layout.parameters.map((segment) => [segment.name, extractSegment(flat, segment).data]),
        ),
      };
    });
  }

  /** Logits of x (evaluationSize, inputs), the same for all replicas, with the running statistics; per replica. */
  async evaluate(x: Numbers): Promise<Float32Array[]> {
    const { net, choose, evaluationSize: size = 0 } = this.#options;
    const allocator = new NanAllocator(this.#gpu);
    const xTensor = allocator.tensor('evaluation x', size * storedSize(inputOf(net)));
    const labels = allocator.tensor('evaluation labels', size);
    const { counters } = this.#tensors;
    const batch = { x: xTensor, labels, counters };
    const { capabilities, device } = this.#gpu;
    const pass = evaluationPass({
      allocator,
      model: this.model,
      batch,
      batchSize: size,
      total: allFull,
      capabilities,
    });
    const plan = await compilePlan(
      { label: 'evaluation', gpu: this.#gpu, choose },
      splitSums(pass.calls, capabilities, allocator),
    );
    device.queue.writeBuffer(xTensor.buffer, 0, storedSamples(x, net));
    this.#submit(plan);
    const [bytes] = await readTensors(this.#gpu, [pass.logits]);
    const values = new Float32Array(bytes!);
    allocator.destroy();
    const { replicaStride, replicas } = pass.logits;
    const classesLd = paddedWidth(net.classes);
    return Array.from({ length: replicas }, (_, r) =>
      unpadRows(
        values.subarray(r * replicaStride, r * replicaStride + size * classesLd),
        net.classes,
        classesLd,
      ),
    );
  }

  /** Parameters and running statistics, per replica. */
  async state(): Promise<Record<string, Float32Array>[]> {
    const arenas = await readArenas(this.#gpu, arenasOf(this.model, {}));
    const { layout, replicas } = this.model;
    return Array.from({ length: replicas }, (_, r) =>
      Object.fromEntries(stateDict(layout, arenas, r, replicas).map(({ name, data }) => [name, data])),
    );
  }

  destroy(): void {
    for (const allocator of this.#allocators) allocator.destroy();
  }

  #submit(plan: Plan): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    encodeStep(encoder, plan);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }
}
