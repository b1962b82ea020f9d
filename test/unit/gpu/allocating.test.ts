import { afterEach, expect, test, vi } from 'vitest';
import { Allocator, allocating, slice } from '../../../src/gpu/tensor.ts';
import { fakeGpu } from '../fake-gpu.ts';

afterEach(() => vi.unstubAllGlobals());

test('buffers of what could not be made are freed, those of what was made stay', async () => {
  const { gpu, kept } = fakeGpu(1024);
  await allocating(gpu, async (allocator) => allocator.buffer('kept', 16));
  expect([...kept]).toEqual(['kept']);
  const failing = allocating(gpu, async (allocator) => {
    allocator.buffer('small', 16);
    allocator.buffer('large', 2048);
  });
  await expect(failing).rejects.toThrow(/large needs a buffer of 2048 bytes/);
  expect([...kept]).toEqual(['kept']);
});

test('after destroy no buffer is made, and none that was is given', () => {
  const { gpu, kept } = fakeGpu(1024);
  const memory = new Allocator(gpu);
  const [made, asked] = [memory.tensor('made', 128), memory.tensor('asked', 4)];
  const part = slice(made, 'part', 64, 4);
  expect(part.buffer).toBe(made.buffer);
  memory.destroy();
  memory.destroy();
  expect(() => made.buffer).toThrow(new Error('made: its buffers were freed'));
  expect(() => part.buffer).toThrow(new Error('made: its buffers were freed'));
  expect(() => asked.buffer).toThrow(new Error('asked: its buffers were freed'));
  expect(() => memory.buffer('late', 16)).toThrow(new Error('late: its buffers were freed'));
  expect(kept.size).toBe(0);
  expect(memory.sizeBytes).toBe(0);
});
