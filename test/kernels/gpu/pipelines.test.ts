import { describe, expect, test } from 'vitest';
import { GpuError } from '../../../src/gpu/errors.ts';
import { PipelineCache } from '../../../src/gpu/pipelines.ts';
import { Allocator } from '../../../src/gpu/tensor.ts';
import { call, prepare } from '../../../src/kernels/call.ts';
import { reluForward } from '../../../src/kernels/relu.ts';
import { gpu } from '../test-gpu.ts';

const pipelines = new PipelineCache(gpu);

const doubling = (size: number) => `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${size})
fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] *= 2.0; }
`;

/** The error that a promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<GpuError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GpuError);
  return error as GpuError;
}

describe('PipelineCache', () => {
  test('compiles equal text once', async () => {
    const bindings = ['read_write'] as const;
    const first = await pipelines.pipeline({ label: 'one', code: doubling(4), bindings });
    expect(await pipelines.pipeline({ label: 'two', code: doubling(4), bindings })).toBe(first);
    expect(await pipelines.pipeline({ label: 'three', code: doubling(8), bindings })).not.toBe(first);
    expect(pipelines.layout(bindings)).toBe(pipelines.layout(['read_write']));
    expect(pipelines.layout(bindings)).not.toBe(pipelines.layout(['read']));
  });

  test('says which line does not compile', async () => {
    const code = doubling(4).replace('*= 2.0', '*= two');
    const { message, cause } = await errorOf(
      pipelines.pipeline({ label: 'twice', code, bindings: ['read_write'] }),
    );
    expect(message).toMatch(/^twice does not compile: 4:\d+ .*two[^\n]*$/);
    expect(String(cause)).toContain('   4 | fn main(');
  });

  test('says why there is no pipeline', async () => {
    const code = doubling(gpu.capabilities.maxInvocationsPerWorkgroup + 1);
    const { message, cause } = await errorOf(
      pipelines.pipeline({ label: 'wide', code, bindings: ['read_write'] }),
    );
    expect(message).toMatch(/^wide makes no pipeline: [^\n]+$/);
    expect(String(cause)).toContain('   3 | @compute');
    const access = await errorOf(
      pipelines.pipeline({ label: 'access', code: doubling(4), bindings: ['read'] }),
    );
    expect(access.message).toMatch(/^access makes no pipeline: /);
  });
});

describe('prepare', () => {
  test('names call, op, variant and shape, and shows the generated text', async () => {
    const memory = new Allocator(gpu);
    const tensors = { x: memory.tensor('x', 5), y: memory.tensor('y', 5) };
    const naive = reluForward.variants[0]!;
    const wrong = { ...naive, source: naive.source.replace('max(x[', 'largest(x[') };
    const relu = call('layers.0 forward', reluForward, { COUNT: 5 }, tensors);
    const { message, cause } = await errorOf(prepare(gpu, () => wrong as never, relu));
    expect(message).toContain('layers.0 forward: relu-forward/naive COUNT=5 does not compile:');
    expect(message).toContain('largest');
    expect(String(cause)).toMatch(/^ +\d+ \| const COUNT = 5u;$/m);
    memory.destroy();
  });

  test('names a tensor that is missing', async () => {
    const relu = call('layers.0 forward', reluForward, { COUNT: 5 }, {} as never);
    const naive = reluForward.variants[0]!;
    await expect(prepare(gpu, () => naive as never, relu)).rejects.toThrow(
      'layers.0 forward: relu-forward/naive COUNT=5 lacks the tensor "x"',
    );
  });
});
