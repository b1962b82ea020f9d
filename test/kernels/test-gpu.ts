/** The device of the kernel tests, and what is compiled for it: one for a whole run. */
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';

async function open(): Promise<Gpu> {
  const gpu = await requestGpu(navigator.gpu);
  console.info(`adapter: ${adapterName(gpu.adapter)}`);
  return gpu;
}

export const gpu = await open();
