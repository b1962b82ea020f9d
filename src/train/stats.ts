// The only file that reads GPU memory back while training.
import type { Gpu } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import { bindingOf, type Tensor } from '../gpu/tensor.ts';

/** Losses and hits of one step. */
export interface StepStats {
  readonly step: number;
  /** Per replica: sum of the samples' cross-entropies. */
  readonly lossSums: Float64Array;
  /** Per replica: samples whose largest logit is that of their label. */
  readonly hits: Float64Array;
}

/** A loss stopped being finite. */
export interface NonFinite {
  readonly replica: number;
  readonly step: number;
}

/**
 * Copies the history and the counters behind a submit and hands on what is new, without making the loop wait: staging
 * buffers are made once, and a copy is skipped while all are in use.
 */
export class Stats {
  readonly #gpu: Gpu;
  readonly #history: Tensor;
  readonly #counters: Tensor;
  /** Steps that `history` holds per replica. */
  readonly #capacity: number;
  readonly #free: GPUBuffer[];
  readonly #stagings: readonly GPUBuffer[];
  #seen: number;
  #reading: Promise<void> = Promise.resolve();

  /** `firstStep`: steps before it are not handed on (a resumed run). */
  constructor(gpu: Gpu, history: Tensor, counters: Tensor, firstStep = 0) {
    this.#gpu = gpu;
    this.#history = history;
    this.#counters = counters;
    this.#capacity = history.size / 2;
    this.#seen = firstStep;
    this.#stagings = [0, 1, 2].map((index) =>
      gpu.device.createBuffer({
        label: `stats staging ${index}`,
        size: sizeBytes(history) + sizeBytes(counters),
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
    );
    this.#free = [...this.#stagings];
  }

  /** Steps that a reader may fall behind before the history overwrites what it has not seen. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Encodes the copies; undefined while all staging buffers are in use. The result goes to `read` after the submit. */
  copy(encoder: GPUCommandEncoder): GPUBuffer | undefined {
    const staging = this.#free.pop();
    if (staging === undefined) return undefined;
    const bytes = sizeBytes(this.#history);
    const { buffer, offset } = bindingOf(this.#history);
    encoder.copyBufferToBuffer(buffer, offset ?? 0, staging, 0, bytes);
    const counters = bindingOf(this.#counters);
    encoder.copyBufferToBuffer(
      counters.buffer,
      counters.offset ?? 0,
      staging,
      bytes,
      sizeBytes(this.#counters),
    );
    return staging;
  }

  /**
   * Hands on every finished step that was not yet, in order, then each replica whose loss is not finite, in the order of
   * the first step at which it was not. A replica is named again with every read.
   * @throws GpuError where the device is lost: what is read after a loss is never handed on.
   */
  read(
    staging: GPUBuffer,
    onStep: (stats: StepStats) => void,
    onNonFinite: (event: NonFinite) => void,
  ): Promise<void> {
    const copied = bytesOf(this.#gpu, staging);
    this.#reading = Promise.all([copied, this.#reading]).then(([bytes]) => {
      this.#gpu.check();
      this.#free.push(staging);
      this.#handOn(bytes, onStep, onNonFinite);
    });
    return this.#reading;
  }

  #handOn(
    bytes: ArrayBuffer,
    onStep: (stats: StepStats) => void,
    onNonFinite: (event: NonFinite) => void,
  ): void {
    const { replicas, replicaStride } = this.#history;
    const history = new Float32Array(bytes, 0, sizeBytes(this.#history) / 4);
    const counters = new Uint32Array(bytes, sizeBytes(this.#history));
    const done = counters[0]!;
    const nonFinite = Array.from({ length: replicas }, (_, replica) => ({
      replica,
      step: counters[replica * this.#counters.replicaStride + 1]! - 1,
    })).filter(({ step }) => step >= 0);
    for (; this.#seen < done; this.#seen++) {
      const slot = this.#seen % this.#capacity;
      const value = (offset: number) =>
        Float64Array.from({ length: replicas }, (_, r) => history[r * replicaStride + 2 * slot + offset]!);
      onStep({ step: this.#seen, lossSums: value(0), hits: value(1) });
    }
    for (const event of nonFinite.toSorted((a, b) => a.step - b.step)) onNonFinite(event);
  }

  destroy(): void {
    for (const staging of this.#stagings) staging.destroy();
  }
}

/** How long to wait for the reason of a failed read. */
const reasonMs = 500;

/** The bytes of a buffer that can be mapped. */
async function bytesOf(gpu: Gpu, buffer: GPUBuffer): Promise<ArrayBuffer> {
  try {
    await buffer.mapAsync(GPUMapMode.READ);
    gpu.check();
    const bytes = buffer.getMappedRange().slice(0);
    buffer.unmap();
    return bytes;
  } catch (error) {
    // At a device loss these calls may fail before the loss itself is known, which says more.
    await Promise.race([gpu.failure, new Promise((resolve) => setTimeout(resolve, reasonMs))]);
    throw new GpuError(
      `${buffer.label} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const sizeBytes = (tensor: Tensor): number => bindingOf(tensor).size ?? 0;

/**
 * Reads whole tensors, replica by replica with their padding: for weights and checkpoints, never within the loop.
 * @throws GpuError where the device is lost.
 */
export async function readTensors(gpu: Gpu, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  const sizes = tensors.map(sizeBytes);
  const staging = gpu.device.createBuffer({
    label: 'read-back',
    size: Math.max(
      16,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  try {
    const encoder = gpu.device.createCommandEncoder({ label: 'read-back' });
    let offset = 0;
    for (const [index, tensor] of tensors.entries()) {
      const source = bindingOf(tensor);
      encoder.copyBufferToBuffer(source.buffer, source.offset ?? 0, staging, offset, sizes[index]!);
      offset += sizes[index]!;
    }
    gpu.device.queue.submit([encoder.finish()]);
    const bytes = await bytesOf(gpu, staging);
    offset = 0;
    return sizes.map((size) => {
      offset += size;
      return bytes.slice(offset - size, offset);
    });
  } finally {
    staging.destroy();
  }
}
