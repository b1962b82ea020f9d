import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { PipelineCache, type PipelineRequest } from '../../../src/gpu/pipelines.ts';

const request: PipelineRequest = { label: 'op/variant', code: 'fn main() {}', bindings: [] };

/** A device that makes a pipeline at the second try. */
function device() {
  const tries: unknown[] = [];
  const gpu = {
    check() {},
    device: {
      pushErrorScope() {},
      popErrorScope: async () => null,
      createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      async createComputePipelineAsync(descriptor: unknown) {
        if (tries.push(descriptor) === 1) throw new Error('out of memory');
        return { label: 'made' };
      },
    },
  };
  return { gpu: gpu as unknown as Gpu, tries };
}

test('what failed is compiled anew when it is asked for again; what did not is kept', async () => {
  (globalThis as { GPUShaderStage?: unknown }).GPUShaderStage ??= { COMPUTE: 4 };
  const { gpu, tries } = device();
  const pipelines = new PipelineCache(gpu);
  await expect(pipelines.pipeline(request)).rejects.toThrow('op/variant makes no pipeline: out of memory');
  expect(await pipelines.pipeline(request)).toEqual({ label: 'made' });
  expect(await pipelines.pipeline(request)).toEqual({ label: 'made' });
  expect(tries).toHaveLength(2);
});
