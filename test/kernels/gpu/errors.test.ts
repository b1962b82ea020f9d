import { describe, expect, test } from 'vitest';
import { withErrorScopes } from '../../../src/gpu/errors.ts';
import { gpu } from '../test-gpu.ts';

const { device } = gpu;

describe('withErrorScopes', () => {
  test('gives what was made', async () => {
    expect(await withErrorScopes(device, 'a number', () => 7)).toBe(7);
    expect(await withErrorScopes(device, 'a number', async () => 8)).toBe(8);
  });

  test('says what WebGPU refuses', async () => {
    const make = () =>
      device.createBuffer({ label: 'unaligned', size: 6, usage: 4, mappedAtCreation: false });
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE;
    const refused = () => device.createBuffer({ label: 'readable storage', size: 16, usage });
    expect((await withErrorScopes(device, 'control', make)).size).toBe(6);
    await expect(withErrorScopes(device, 'the loss', refused)).rejects.toThrow(
      /^the loss: WebGPU refuses it: .*readable storage/s,
    );
  });

  test('passes on what is thrown inside, and leaves no scope open', async () => {
    const make = () => {
      throw new RangeError('inside');
    };
    await expect(withErrorScopes(device, 'what', make)).rejects.toThrow(new RangeError('inside'));
    await expect(device.popErrorScope()).rejects.toThrow();
  });
});
