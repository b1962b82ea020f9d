// The worker's GPU device and the data set on it: made once, kept over runs, made again after a loss.

import { loadNormalisation } from '../../data/load.ts';
import { type Gpu, requestGpu } from '../../gpu/device.ts';
import { type GpuDataset, loadDataset, scaleAndOffset } from '../../train/dataset.ts';
import { stepLabel } from '../../train/prepared-step.ts';
import type { DataStore } from './data-store.ts';
import { EngineError } from './engine-error.ts';
import { gpuReport } from './gpu-report.ts';
import { countObjects } from './object-count.ts';
import type { GpuReport } from './protocol.ts';

export interface OpenDevice {
  readonly gpu: Gpu;
  readonly report: GpuReport;
  /** Objects that training steps have made with it so far. */
  readonly objects: () => number;
}

interface LoadedData {
  readonly dataset: GpuDataset;
  readonly trainingImages: number;
  readonly by: 'pixel' | 'channel';
}

export class Device {
  #open: Promise<OpenDevice> | undefined;
  #gpu: Gpu | undefined;
  #data: LoadedData | undefined;
  readonly #onFailure: (message: string) => void;

  /** @param onFailure told why a device is of no use any more */
  constructor(onFailure: (message: string) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  /** The device; a new one where the last was lost. @throws EngineError `no-adapter` where there is none */
  open(): Promise<OpenDevice> {
    this.#open ??= this.#request();
    this.#open.catch(() => this.forget());
    return this.#open;
  }

  /** The device that there was last, lost or not. */
  get latest(): Gpu | undefined {
    return this.#gpu;
  }

  /** Leaves a lost device behind. */
  forget(): void {
    this.#open = undefined;
    this.#data = undefined;
  }

  /** The data set that is there already, whatever it is normalised by. */
  get loaded(): GpuDataset | undefined {
    return this.#data?.dataset;
  }

  /** The data set, on its way or there, with the normalisation of its first `count` training images, by pixel or by channel: uploaded once per device. */
  async dataset(
    gpu: Gpu,
    store: DataStore,
    {
      count: trainingImages,
      by = 'pixel',
    }: { readonly count: number; readonly by?: 'pixel' | 'channel' | undefined },
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<GpuDataset> {
    const source = {
      baseUrl: 'kept',
      async fetch(url: string) {
        signal.throwIfAborted(); // Between two files.
        return store.respond(url);
      },
      signal,
    };
    if (this.#data === undefined) {
      const dataset = loadDataset(
        gpu,
        store.set,
        { ...source, onProgress: ({ doneBytes, totalBytes }) => onProgress(doneBytes, totalBytes) },
        { trainingImages, by },
      );
      const data = { dataset, trainingImages, by };
      this.#data = data;
      // Stopped, or the device is lost: the next run uploads again.
      dataset.arrived.catch(() => {
        if (this.#data === data) this.#data = undefined;
        dataset.destroy();
      });
    } else if (this.#data.trainingImages !== trainingImages || this.#data.by !== by) {
      const { dataset } = this.#data;
      const table = scaleAndOffset(await loadNormalisation(store.set, source, trainingImages, by));
      if (dataset.train.kind === 'images') {
        gpu.device.queue.writeBuffer(dataset.train.normalisation.buffer, 0, table);
      }
      this.#data = { dataset, trainingImages, by };
    }
    return this.#data.dataset;
  }

  async #request(): Promise<OpenDevice> {
    const startedMs = performance.now();
    let offered: GPUAdapter | undefined;
    // `requestGpu` asks for the adapter: what it offers is told too.
    const asked = {
      async requestAdapter(options?: GPURequestAdapterOptions) {
        const adapter = await navigator.gpu.requestAdapter(options);
        offered = adapter ?? undefined;
        return adapter;
      },
    } as GPU;
    try {
      const gpu = await requestGpu((navigator.gpu as GPU | undefined) && asked);
      this.#gpu = gpu;
      gpu.failure.catch((error: Error) => {
        if (this.#gpu === gpu) this.forget();
        gpu.device.destroy(); // Where an error was reported, its buffers are still there.
        this.#onFailure(error.message);
      });
      const report = gpuReport(gpu, offered!, performance.now() - startedMs);
      const objects = countObjects(gpu.device, stepLabel);
      return { gpu, report, objects };
    } catch (error) {
      if (offered === undefined) throw new EngineError('no-adapter', (error as Error).message);
      throw error;
    }
  }
}
