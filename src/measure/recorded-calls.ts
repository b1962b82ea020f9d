/** Which kernels with which shapes a training step is made of, found out without a GPU. */
import { IMAGE_BYTES } from '../data/cifar10.ts';
import type { Capabilities, Gpu } from '../gpu/device.ts';
import { Allocator } from '../gpu/tensor.ts';
import type { Kernel, Shape } from '../kernels/kernel.ts';
import type { GpuDataset } from '../train/dataset.ts';
import type { TrainSettings } from '../train/settings.ts';
import { Trainer } from '../train/trainer.ts';

export interface RecordedCall {
  readonly label: string;
  readonly kernel: Kernel;
  readonly shape: Shape;
}

/**
 * The calls of a step, as the trainer makes them, with or without the gather inside the first layer's matrix products. The device is a stub that hands out descriptions instead of buffers, and
 * the choice of variants, which is asked once per call before anything is compiled, takes notes and then refuses.
 */
export async function recordCalls(
  settings: TrainSettings,
  capabilities: Capabilities,
  images: number,
  fuseGather: boolean,
): Promise<RecordedCall[]> {
  const calls: RecordedCall[] = [];
  const enough = new Error('recorded');
  const unlimited = { maxBufferSize: Infinity, maxStorageBufferBindingSize: Infinity };
  const device = { limits: unlimited, createBuffer: (descriptor: GPUBufferDescriptor) => descriptor };
  const stub = { device, capabilities, check() {} } as unknown as Gpu;
  try {
    await Trainer.make(stub, stubDataset(new Allocator(stub), images), settings, {
      fuseGather,
      choose(kernel, shape, _, { label }) {
        calls.push({ label, kernel: kernel as unknown as Kernel, shape });
        throw enough;
      },
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return calls;
}

function stubDataset(allocator: Allocator, count: number): GpuDataset {
  const imagesA = allocator.tensor('images', (count * IMAGE_BYTES) / 4);
  const labels = allocator.tensor('labels', count / 4);
  const split = { count, shardImages: count, imagesA, imagesB: imagesA, labels };
  const normalisation = allocator.tensor('normalisation', 2 * IMAGE_BYTES);
  return { train: split, test: split, normalisation, sizeBytes: 0, destroy() {} };
}
