import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { PipelineCache, type PipelineRequest } from '../../../src/gpu/pipelines.ts';

const request: PipelineRequest = { label: 'op/variant', code: 'fn main() {}', bindings: [] };

/** A device that makes a pipeline at the second try, and whose compiler says these messages. */
function device(messages: readonly Partial<GPUCompilationMessage>[] = [], refused: Error | null = null) {
  const tries: unknown[] = [];
  const gpu = {
    check() {},
    device: {
      pushErrorScope() {},
      popErrorScope: async () => refused,
      createShaderModule: () => ({ getCompilationInfo: async () => ({ messages }) }),
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      async createComputePipelineAsync(descriptor: unknown) {
        if (tries.push(descriptor) === 1) throw new Error('out of memory\n - while making it');
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

test.each([
  [
    [
      { type: 'warning', lineNum: 1, linePos: 1, message: 'unused' },
      { type: 'error', lineNum: 2, linePos: 7, message: 'two is unknown\nlet x = two;' },
      { type: 'error', lineNum: 3, linePos: 1, message: 'no main' },
    ],
    null,
    'op/variant does not compile: 2:7 two is unknown',
    '2:7 two is unknown\nlet x = two;\n3:1 no main',
  ],
  [[], new Error('no\nreason'), 'op/variant does not compile: no', 'no\nreason'],
] as const)(
  'what does not compile is one line; its cause has the rest',
  async (messages, scope, line, all) => {
    const error = await new PipelineCache(device(messages, scope).gpu)
      .pipeline(request)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'GpuError', message: line });
    expect((error as Error).cause).toEqual(
      new Error(`op/variant does not compile: ${all}\n   1 | fn main() {}`),
    );
  },
);

test('what makes no pipeline is one line; its cause has the rest', async () => {
  const error = await new PipelineCache(device().gpu).pipeline(request).catch((e: unknown) => e);
  expect(error).toMatchObject({ message: 'op/variant makes no pipeline: out of memory - while making it' });
  expect(String((error as Error).cause)).toContain('out of memory - while making it\n   1 | fn main() {}');
});
