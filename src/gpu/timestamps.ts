import type { Gpu } from './device.ts';
import { mappedBytes } from './mapped-bytes.ts';

/** GPU timestamps of one submit at a time, read back behind it. Needs the feature `timestamp-query` (`gpu.timestamps`). */
export class StampReader {
  readonly querySet: GPUQuerySet;
  readonly #gpu: Gpu;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  constructor(gpu: Gpu, count: number) {
    const { device } = gpu;
    const size = 8 * count;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#gpu = gpu;
    this.querySet = device.createQuerySet({ label: 'timestamps', type: 'timestamp', count });
    this.#resolved = device.createBuffer({ label: 'timestamps', size, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ label: 'timestamps read-back', size, usage: COPY_DST | MAP_READ });
  }

  /** Copies the first `count` timestamps to where they can be read. */
  encodeResolve(encoder: GPUCommandEncoder, count: number): void {
    encoder.resolveQuerySet(this.querySet, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#staging.size);
  }

  /** Nanoseconds from the earliest of the first `count` timestamps. @throws GpuError where the device is lost. */
  async read(count: number): Promise<number[]> {
    const stamps = new BigUint64Array(await mappedBytes(this.#gpu, this.#staging), 0, count);
    const [first = 0n] = [...stamps].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return Array.from(stamps, (stamp) => Number(stamp - first));
  }

  destroy(): void {
    this.querySet.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
