/** The device and the compiled pipelines of the kernel tests: one of each for a whole run. */
import { adapterName, type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';

async function open(): Promise<{ gpu: Gpu; pipelines: PipelineCache }> {
  const gpu = await requestGpu(navigator.gpu);
  console.info(`adapter: ${adapterName(gpu.adapter)}`);
  return { gpu, pipelines: new PipelineCache(gpu) };
}

export const { gpu, pipelines } = await open();
