// The only file that reads GPU memory back while training.
import type { Gpu } from '../gpu/device.ts';
import { mappedBytes } from '../gpu/mapped-bytes.ts';
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
   * @throws GpuError where the device is lost: what is read after a loss is never handed on; what `onStep` threw, then and for all reads after it
   */
  read(
    staging: GPUBuffer,
    onStep: (stats: StepStats) => void,
    onNonFinite: (event: NonFinite) => void,
  ): Promise<void> {
    const copied = mappedBytes(this.#gpu, staging).finally(() => this.#free.push(staging));
    this.#reading = Promise.all([copied, this.#reading]).then(([bytes]) => {
      this.#gpu.check();
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

const sizeBytes = (tensor: Tensor): number => bindingOf(tensor).size ?? 0;

/**
 * Reads whole tensors, replica by replica with their padding: for weights and checkpoints, never within the loop.
 * @throws GpuError where the device is lost.
 */
export async function readTensors(gpu: Gpu, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  // One for each: all together may be larger than a buffer can be.
  const stagings = tensors.map((tensor) =>
    gpu.device.createBuffer({
      label: 'read-back',
      size: sizeBytes(tensor),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    }),
  );
  try {
    const encoder = gpu.device.createCommandEncoder({ label: 'read-back' });
    for (const [index, tensor] of tensors.entries()) {
      const { buffer, offset } = bindingOf(tensor);
      encoder.copyBufferToBuffer(buffer, offset ?? 0, stagings[index]!, 0, sizeBytes(tensor));
    }
    gpu.device.queue.submit([encoder.finish()]);
    return await Promise.all(stagings.map((staging) => mappedBytes(gpu, staging)));
  } finally {
    for (const staging of stagings) staging.destroy();
  }
}
