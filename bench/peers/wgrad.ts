/**
 * Ours: the plan of a step, replayed.
 *
 *   wgrad           the batch lies on the GPU as float32, as it does for the peers: like with like
 *   wgrad-gather    what training does: each step picks its samples from images kept as bytes and normalises them
 */

import packageJson from '../../package.json' with { type: 'json' };
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { Allocator, slice, type Tensor } from '../../src/gpu/tensor.ts';
import { call, type KernelCall, prepare } from '../../src/kernels/call.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { defaultChoice, type VariantChoice } from '../../src/kernels/variant-choice.ts';
import { paddedWidth } from '../../src/nn/layers/layer.ts';
import type { Model } from '../../src/nn/model.ts';
import { writeTables } from '../../src/optim/optimizer.ts';
import { type GpuDataset, type ImageDatasetArrays, uploadDataset } from '../../src/train/dataset.ts';
import { Pacer } from '../../src/train/pacer.ts';
import { compilePlan, type Plan } from '../../src/train/plan.ts';
import { applyStateDict, arenasOf, readArenas, stateDict, writeArenas } from '../../src/train/state.ts';
import { readTensors } from '../../src/train/stats.ts';
import { recordStep } from '../../src/train/step.ts';
import { type Tuning, tune, tunedChoice } from '../../src/train/tuner.ts';
import { mostSteps } from '../suites/nets.ts';
import type { Peer, PeerMatmul, PeerStep } from './peer.ts';
import { netOf, type StepWork, type WorkImages } from './work.ts';

const HISTORY = 64;

let shared: Promise<Gpu> | undefined;
let gpuName = '';

/** The device that ours run on; one for all. */
export async function wgradGpu(): Promise<Gpu> {
  shared ??= requestGpu(navigator.gpu);
  const gpu = await shared;
  gpuName = adapterName(gpu.adapter);
  return gpu;
}

/** Rows of `columns` numbers, padded with zeros to rows of `ld`. */
function padRows(values: Float32Array, columns: number, ld: number): Float32Array<ArrayBuffer> {
  const rows = values.length / columns;
  const padded = new Float32Array(rows * ld);
  for (let row = 0; row < rows; row++) {
    padded.set(values.subarray(row * columns, (row + 1) * columns), row * ld);
  }
  return padded;
}

/** Where a step's batch comes from. */
type Source = 'float32' | 'bytes';

/** The batch as a data set of images. */
function asDataset({ labels, classes }: StepWork, { bytes, mean, std }: WorkImages): ImageDatasetArrays {
  const split = { images: bytes, labels };
  return { image: cifar10.image, classes, train: split, test: split, normalisation: { mean, std } };
}

interface Parts {
  readonly gpu: Gpu;
  readonly work: StepWork;
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

  static async make(work: StepWork, source: Source): Promise<WgradStep> {
    const gpu = await wgradGpu();
    const { queue } = gpu.device;
    const { batchSize, images, labels, optimizer } = work;
    const allocator = new Allocator(gpu);
    const dataset = source === 'bytes' ? uploadDataset(gpu, asDataset(work, images!)) : undefined;
    const recorded = recordStep(allocator, {
      net: netOf(work),
      optimizer,
      source: dataset === undefined ? { kind: 'batch' } : { kind: 'dataset', dataset, samples: batchSize },
      batchSize,
      replicas: 1,
      capabilities: gpu.capabilities,
      steps: mostSteps,
      historySteps: HISTORY,
    });
    const { calls, model, order, history, x } = recorded;
    const pipelines = new PipelineCache(gpu);
    const choose = await tuned(gpu, pipelines, calls);
    const plan = await compilePlan({ label: 'bench: training step', gpu, pipelines, choose }, calls);

    if (dataset === undefined) {
      queue.writeBuffer(x.buffer, 0, padRows(work.x, work.inputs, paddedWidth(work.inputs)));
      queue.writeBuffer(recorded.labels.buffer, 0, Uint32Array.from(labels));
    } else {
      const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i);
      queue.writeBuffer(order.buffer, 0, inOrder);
    }
    writeTables(queue, recorded.optimizer, optimizer, {
      steps: mostSteps,
      rateOf: () => work.learningRate,
      replicas: [{ lambda: work.lambda, rateScale: 1 }],
    });
    const values = {
      parameters: new Float32Array(model.params.replicaStride),
      statistics: new Float32Array(model.running.replicaStride),
    };
    applyStateDict(model.layout, values, work.initial);
    writeArenas(gpu, arenasOf(model, {}), values);
    gpu.check();
    return new WgradStep({ gpu, work, plan, model, history, allocator, dataset });
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
    const { gpu, history, work } = this.#parts;
    const [bytes] = await readTensors(gpu, [history]);
    return new Float32Array(bytes!)[2 * ((this.#step - 1) % HISTORY)]! / work.batchSize;
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

/** c = a · b with a bias of zeros, the form a linear layer uses. */
async function makeMatmul(
  aValues: Float32Array,
  bValues: Float32Array,
  M: number,
  N: number,
  K: number,
): Promise<PeerMatmul> {
  const gpu = await wgradGpu();
  const allocator = new Allocator(gpu);
  const [ldN, ldK] = [paddedWidth(N), paddedWidth(K)];
  const x = allocator.tensor('a', M * ldK);
  const w = allocator.tensor('b', ldK * ldN);
  const bias = allocator.tensor('zeros', ldN);
  const y = allocator.tensor('c', M * ldN);
  gpu.device.queue.writeBuffer(x.buffer, 0, padRows(aValues, K, ldK));
  gpu.device.queue.writeBuffer(w.buffer, 0, padRows(bValues, N, ldN));
  const product = call('bench: matmul', matmulForward, { M, N: ldN, K: ldK }, { x, w, bias, y });
  const dispatch = await prepare(gpu, new PipelineCache(gpu), defaultChoice, product);
  const plan: Plan = { label: product.label, dispatches: [dispatch], variants: {} };
  const pacer = new Pacer(gpu);
  const corner = slice(y, 'corner of c', 0, 1);
  return {
    async run(times) {
      for (let left = times; left > 0; ) left -= await pacer.submit(plan, left);
      await pacer.drain();
      await readTensors(gpu, [corner]);
    },
    async result() {
      const [bytes] = await readTensors(gpu, [y]);
      return new Float32Array(bytes!).filter((_, i) => i % ldN < N);
    },
    async dispose() {
      allocator.destroy();
    },
  };
}

/** What was measured on `shared`: both sources of a step have most products in common. */
let tuning: Tuning = { key: '', ops: {} };

/** Matrix products by measurement, other ops by default: products write only what a step computes anew. */
async function tuned(
  gpu: Gpu,
  pipelines: PipelineCache,
  calls: readonly KernelCall[],
): Promise<VariantChoice> {
  tuning = await tune(gpu, pipelines, calls, tuning, { skip: (op) => !op.includes('matmul') });
  return tunedChoice(tuning);
}

/** Ours: a step whose matrix products have the variants that measure fastest here, a product with the default one. */
export function wgradPeer(source: Source = 'float32'): Peer {
  let variants = '';
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
    describe: () => gpuName + variants,
    refuses: ({ images }) =>
      source === 'bytes' && images === undefined ? 'the gather needs images of 3072 bytes' : undefined,
    async makeStep(work) {
      const step = await WgradStep.make(work, source);
      variants = step.variants;
      return step;
    },
    makeMatmul,
  };
}
