/**
 * Ours: the plan of a step, replayed.
 *
 *   wgrad           the batch lies on the GPU as float32, as it does for the peers: like with like
 *   wgrad-gather    what training does: each step picks its samples from images kept as bytes and normalises them
 */

import packageJson from '../../package.json' with { type: 'json' };
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { Allocator, slice, type Tensor } from '../../src/gpu/tensor.ts';
import type { KernelCall } from '../../src/kernels/call.ts';
import type { VariantChoice } from '../../src/kernels/variant-choice.ts';
import { paddedWidth } from '../../src/nn/layers/layer.ts';
import type { Model } from '../../src/nn/model.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import type { OptimizerSpec } from '../../src/optim/index.ts';
import { writeTables } from '../../src/optim/optimizer.ts';
import { channelsLast } from '../../src/reference/layers/image-order.ts';
import { padRows } from '../../src/reference/padded-rows.ts';
import { type GpuDataset, type ImageDatasetArrays, uploadDataset } from '../../src/train/dataset.ts';
import { Pacer } from '../../src/train/pacer.ts';
import { compilePlan, type Plan } from '../../src/train/plan.ts';
import { applyStateDict, arenasOf, readArenas, stateDict, writeArenas } from '../../src/train/state.ts';
import { readTensors } from '../../src/train/stats.ts';
import { recordStep } from '../../src/train/step.ts';
import { type Tuning, tune, tunedChoice } from '../../src/train/tuner.ts';
import { mostSteps } from '../suites/nets.ts';
import type { ConvWork } from './conv-work.ts';
import type { Peer, PeerStep } from './peer.ts';
import { wgradAdapter, wgradGpu } from './wgrad-device.ts';
import { wgradConvOp, wgradMatmul } from './wgrad-kernel.ts';
import { netOf, type StepWork, type WorkImages } from './work.ts';

const HISTORY = 64;

/** Where a step's batch comes from. */
type Source = 'float32' | 'bytes';

/** The batch as a data set of images. */
function asDataset({ labels, classes }: StepWork, { bytes, mean, std }: WorkImages): ImageDatasetArrays {
  const split = { images: bytes, labels };
  return { image: cifar10.image, classes, train: split, test: split, normalisation: { mean, std } };
}

/** What a step is recorded and started from: a work of either kind. */
interface StepInput {
  readonly net: NetSpec;
  readonly optimizer: OptimizerSpec;
  readonly batchSize: number;
  readonly initial: readonly NamedTensor[];
  /** As the first layer takes it. */
  readonly x: Float32Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly learningRate: number;
  readonly lambda: number;
  readonly labelSmoothing: number;
  /** Instead of `x`. */
  readonly dataset: GpuDataset | undefined;
}

function connectedInput(work: StepWork, gpu: Gpu, source: Source): StepInput {
  const { inputs, images } = work;
  return {
    ...work,
    net: netOf(work),
    x: padRows(work.x, inputs, paddedWidth(inputs)),
    labelSmoothing: 0,
    dataset: source === 'bytes' ? uploadDataset(gpu, asDataset(work, images!)) : undefined,
  };
}

/** Channels last, padded to 4. */
function convInput(work: ConvWork): StepInput {
  const { channels } = cifar10.image;
  const last = Float32Array.from(channelsLast(work.x, cifar10.image));
  return { ...work, x: padRows(last, channels, paddedWidth(channels)), dataset: undefined };
}

interface Parts {
  readonly gpu: Gpu;
  readonly batchSize: number;
  readonly plan: Plan;
  readonly model: Model;
  readonly history: Tensor;
  readonly allocator: Allocator;
  readonly dataset: GpuDataset | undefined;
}

class WgradStep implements PeerStep {
  readonly #parts: Parts;
  readonly #pacer: Pacer;
  /** Part of the parameters, to read: the last update wrote it. */
  readonly #corner: Tensor;
  #step = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#pacer = new Pacer(parts.gpu);
    this.#corner = slice(parts.model.params, 'first parameters', 0, 64);
  }

  static async make(gpu: Gpu, input: StepInput): Promise<WgradStep> {
    const { queue } = gpu.device;
    const { net, batchSize, labels, optimizer, dataset, learningRate, lambda, labelSmoothing } = input;
    const allocator = new Allocator(gpu);
    const recorded = recordStep(allocator, {
      net,
      optimizer,
      labelSmoothing,
      source: dataset === undefined ? { kind: 'batch' } : { kind: 'dataset', dataset, samples: batchSize },
      batchSize,
      replicas: 1,
      capabilities: gpu.capabilities,
      steps: mostSteps,
      historySteps: HISTORY,
    });
    const { calls, model, order, history, x } = recorded;
    const choose = await tuned(gpu, calls);
    const plan = await compilePlan({ label: 'bench: training step', gpu, choose }, calls);

    if (dataset === undefined) {
      queue.writeBuffer(x.buffer, 0, input.x);
      queue.writeBuffer(recorded.labels.buffer, 0, Uint32Array.from(labels));
    } else {
      const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i);
      queue.writeBuffer(order.buffer, 0, inOrder);
    }
    writeTables(queue, recorded.optimizer, optimizer, {
      steps: mostSteps,
      rateOf: () => learningRate,
      replicas: [{ lambda, rateScale: 1 }],
    });
    const values = {
      parameters: new Float32Array(model.params.replicaStride),
      statistics: new Float32Array(model.running.replicaStride),
    };
    applyStateDict(model.layout, values, input.initial);
    writeArenas(gpu, arenasOf(model, {}), values);
    gpu.check();
    return new WgradStep({ gpu, batchSize, plan, model, history, allocator, dataset });
  }

  /** Of the first layer's products, which take most of the time. */
  get variants(): string {
    const first = Object.entries(this.#parts.plan.variants).filter(([label]) =>
      /^layers\.0 (forward|wgrad)/.test(label),
    );
    return first.map(([label, variant]) => `, ${label} ${variant}`).join('');
  }

  async run(steps: number): Promise<void> {
    if (this.#step + steps > mostSteps) throw new Error(`wgrad: a peer step runs at most ${mostSteps} times`);
    const { plan, gpu } = this.#parts;
    for (let left = steps; left > 0; ) left -= await this.#pacer.submit(plan, left);
    this.#step += steps;
    await this.#pacer.drain();
    await readTensors(gpu, [this.#corner]);
  }

  async loss(): Promise<number> {
    const { gpu, history, batchSize } = this.#parts;
    const [bytes] = await readTensors(gpu, [history]);
    return new Float32Array(bytes!)[2 * ((this.#step - 1) % HISTORY)]! / batchSize;
  }

  async parameters(): Promise<Record<string, Float32Array>> {
    const { gpu, model } = this.#parts;
    const arenas = await readArenas(gpu, arenasOf(model, {}));
    return Object.fromEntries(stateDict(model.layout, arenas, 0, 1).map(({ name, data }) => [name, data]));
  }

  async dispose(): Promise<void> {
    this.#parts.allocator.destroy();
    this.#parts.dataset?.destroy();
  }
}

/** What was measured on the device: both sources of a step have most products in common. */
let tuning: Tuning = { key: '', ops: {} };

/** Products and convolutions by measurement, other ops by default: products write only what a step computes anew. */
async function tuned(gpu: Gpu, calls: readonly KernelCall[]): Promise<VariantChoice> {
  tuning = await tune(gpu, calls, tuning, { skip: (op) => !/matmul|^conv-/.test(op) });
  return tunedChoice(tuning);
}

/** Ours: a step whose matrix products have the variants that measure fastest here, a product with the default one. */
export function wgradPeer(source: Source = 'float32'): Peer {
  /** Of the step that was made last. */
  let variants = '';
  const make = async (input: (gpu: Gpu) => StepInput) => {
    variants = '';
    const gpu = await wgradGpu();
    const step = await WgradStep.make(gpu, input(gpu));
    variants = step.variants;
    return step;
  };
  return {
    name: source === 'bytes' ? 'wgrad-gather' : 'wgrad',
    version: packageJson.version,
    async available() {
      try {
        await wgradGpu();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    describe: () => wgradAdapter() + variants,
    refuses(work) {
      if (source !== 'bytes') return undefined;
      if (!('inputs' in work)) return 'timed with the batch at hand alone';
      return work.images === undefined ? 'the gather needs images of 3072 bytes' : undefined;
    },
    makeStep: (work) => make((gpu) => connectedInput(work, gpu, source)),
    makeConvStep: (work) => make(() => convInput(work)),
    makeMatmul: wgradMatmul,
    makeConvOp: wgradConvOp,
  };
}
