import { afterEach, expect, test, vi } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { allocating } from '../../../src/gpu/tensor.ts';

afterEach(() => vi.unstubAllGlobals());

test('buffers of what could not be made are freed, those of what was made stay', async () => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 0, COPY_SRC: 0, COPY_DST: 0 });
  const freed: string[] = [];
  const device = {
    limits: { maxBufferSize: 1024, maxStorageBufferBindingSize: 1024 },
    createBuffer: ({ label, size }: GPUBufferDescriptor) => ({ size, destroy: () => freed.push(label!) }),
  };
  const gpu = { device } as unknown as Gpu;
  await allocating(gpu, async (allocator) => allocator.buffer('kept', 16));
  expect(freed).toEqual([]);
  const failing = allocating(gpu, async (allocator) => {
    allocator.buffer('small', 16);
    allocator.buffer('large', 2048);
  });
  await expect(failing).rejects.toThrow(/large needs a buffer of 2048 bytes/);
  expect(freed).toEqual(['small']);
});
