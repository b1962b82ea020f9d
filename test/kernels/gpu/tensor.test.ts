import { describe, expect, test } from 'vitest';
import { GpuError } from '../../../src/gpu/errors.ts';
import { Allocator, bindingOf, slice } from '../../../src/gpu/tensor.ts';
import { gpu } from '../test-gpu.ts';

describe('Allocator', () => {
  test('starts each replica at a multiple of 16 bytes, and counts what it holds', () => {
    const memory = new Allocator(gpu);
    const x = memory.tensor('x', 5, 3);
    expect(x).toMatchObject({ label: 'x', size: 5, replicaStride: 8, replicas: 3, offsetBytes: 0 });
    expect(x.buffer.size).toBe(96);
    expect(memory.tensor('scalar', 1).buffer.size).toBe(16);
    expect(memory.sizeBytes).toBe(112);
    memory.destroy();
    expect(memory.sizeBytes).toBe(0);
  });

  test('refuses what is larger than the limits, and makes what is not', () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const memory = new Allocator(gpu);
    expect(() => memory.buffer('images', most + 4)).toThrow(GpuError);
    expect(() => memory.buffer('images', most + 4)).toThrow(
      `images needs a buffer of ${most + 4} bytes, this adapter allows ${most}`,
    );
    const params = memory.tensor('params', most / 8, 3);
    expect(() => params.buffer).toThrow('params needs a buffer of');
    expect(memory.sizeBytes).toBe(0);
  });
});

describe('tensors', () => {
  test('bind from their offset to the end of the last replica', () => {
    const memory = new Allocator(gpu);
    const params = memory.tensor('params', 200, 2);
    const w = slice(params, 'w', 64, 40);
    expect(bindingOf(w)).toEqual({ buffer: params.buffer, offset: 256, size: (200 + 40) * 4 });
    expect(bindingOf(slice(w, 'tail', 64, 8)).offset).toBe(512);
    expect(() => slice(params, 'b', 104, 8)).toThrow('b: a slice cannot start at element 104');
    memory.destroy();
  });
});
