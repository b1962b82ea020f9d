import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';

let shared: Promise<Gpu> | undefined;
let name = '';

/** The device that ours run on; one for all. */
export async function wgradGpu(): Promise<Gpu> {
  shared ??= requestGpu(navigator.gpu);
  const gpu = await shared;
  name = adapterName(gpu.adapter);
  return gpu;
}

/** Its adapter; empty before it was asked for. */
export const wgradAdapter = (): string => name;
