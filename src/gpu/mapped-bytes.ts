import type { Gpu } from './device.ts';
import { GpuError } from './errors.ts';

/** How long to wait for the reason of a failed read. */
const reasonMs = 500;

/** The bytes of a buffer that can be mapped, when what is submitted is done. @throws GpuError where the device is lost, or the buffer cannot be read */
export async function mappedBytes(gpu: Gpu, buffer: GPUBuffer): Promise<ArrayBuffer> {
  try {
    await buffer.mapAsync(GPUMapMode.READ);
    gpu.check();
    const bytes = buffer.getMappedRange().slice(0);
    buffer.unmap();
    return bytes;
  } catch (error) {
    // At a device loss these calls may fail before the loss itself is known, which says more.
    await Promise.race([gpu.failure, new Promise((resolve) => setTimeout(resolve, reasonMs))]);
    throw new GpuError(`${buffer.label} cannot be read: ${(error as Error).message}`);
  }
}
