import { afterEach, describe, expect, test, vi } from 'vitest';
import { adapterName, describeAdapter, requestGpu, wrapDevice } from '../../../src/gpu/device.ts';
import { GpuError, numberLines } from '../../../src/gpu/errors.ts';
import { eights, isConsistent, quads } from '../../../src/gpu/subgroup-probe.ts';

const info = (fields: Partial<GPUAdapterInfo>) =>
  describeAdapter({
    vendor: '',
    architecture: '',
    device: '',
    description: '',
    isFallbackAdapter: false,
    ...fields,
  } as GPUAdapterInfo);

describe('adapters', () => {
  test('that compute on the CPU are known by their names, or say so', () => {
    expect(info({ architecture: 'swiftshader' }).software).toBe(true);
    expect(info({ description: 'llvmpipe (LLVM 19.1.7, 256 bits)' }).software).toBe(true);
    expect(info({ isFallbackAdapter: true }).software).toBe(true);
    expect(info({ vendor: 'nvidia', architecture: 'hopper' }).software).toBe(false);
  });

  test('are named in one line', () => {
    const sizes = { subgroupMinSize: 4, subgroupMaxSize: 4 };
    const software = info({ vendor: 'google', architecture: 'swiftshader', ...sizes });
    expect(adapterName(software)).toBe('google swiftshader, software, subgroups of 4');
    const hardware = info({ vendor: 'intel', description: 'Arc', subgroupMinSize: 8, subgroupMaxSize: 32 });
    expect(adapterName(hardware)).toBe('intel, Arc, subgroups of 8 to 32');
    expect(adapterName(info({ vendor: 'apple' }))).toBe('apple');
  });
});

describe('the subgroup probe accepts', () => {
  /** What the invocations of one workgroup of 4 write: own lane and its partners. */
  const workgroup = (lanes: readonly number[]) =>
    lanes.flatMap((lane) => [lane, lane ^ 1, lane ^ 2, lane ^ 3]);
  const right = workgroup([0, 1, 2, 3]);

  test('any order of lanes', () => {
    expect(isConsistent(Uint32Array.from(right), quads)).toBe(true);
    expect(isConsistent(Uint32Array.from([...right, ...workgroup([2, 0, 3, 1])]), quads)).toBe(true);
  });

  test('eight lanes, where shuffles show all of them', () => {
    const seen = (lanes: readonly number[]) => lanes.flatMap((lane) => [lane, lane ^ 1, lane ^ 2, lane ^ 4]);
    const lanes = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(isConsistent(Uint32Array.from([...seen(lanes), ...seen(lanes.toReversed())]), eights)).toBe(true);
    expect(isConsistent(Uint32Array.from(seen([...lanes.slice(0, 4), ...lanes.slice(0, 4)])), eights)).toBe(
      false,
    );
    const quadsOnly = seen(lanes).map((lane, i) => (i % 4 === 3 ? lane ^ 4 : lane));
    expect(isConsistent(Uint32Array.from(quadsOnly), eights)).toBe(false);
  });

  test.each([
    ['a lane twice', workgroup([0, 1, 2, 2])],
    ["a lane that is no quad's", workgroup([4, 1, 2, 3])],
    ['X and Y swapped', right.map((_, i) => right[i % 4 === 1 ? i + 1 : i % 4 === 2 ? i - 1 : i]!)],
    ['swaps that do nothing', right.map((_, i) => right[4 * Math.floor(i / 4)]!)],
    ['a wrong second workgroup', [...right, ...workgroup([0, 0, 0, 0])]],
    ['nothing written', new Array(16).fill(0)],
    ['no answer at all', []],
  ])('not %s', (_, seen) => {
    expect(isConsistent(Uint32Array.from(seen), quads)).toBe(false);
  });
});

test('numberLines counts from 1, as compilers do', () => {
  expect(numberLines('a\n\nb')).toBe('   1 | a\n   2 | \n   3 | b');
});

test('an error is one line; its cause has what does not fit there', () => {
  const text = 'relu does not compile: 4:1 two is unknown\n   1 | const TWO = 2;';
  const { message, cause } = new GpuError(text);
  expect(message).toBe('relu does not compile: 4:1 two is unknown');
  expect(cause).toEqual(new Error(text));
  expect(new GpuError(message)).not.toHaveProperty('cause');
});

test('what Dawn says of the place is in that line', () => {
  const error = new GpuError('usage is invalid.\n - While validating [Buffer "y"].\n - While calling it.\n');
  expect(error.message).toBe('usage is invalid. - While validating [Buffer "y"]. - While calling it.');
  expect(error).not.toHaveProperty('cause');
});

test('an adapter that gives no device is told in a sentence', async () => {
  const adapter = {
    features: new Set(),
    limits: {},
    requestDevice: () =>
      Promise.reject(new DOMException('D3D12 create device failed\n - here', 'OperationError')),
  };
  const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
  await expect(requestGpu(gpu)).rejects.toThrow(
    new GpuError('the adapter gives no device: D3D12 create device failed - here'),
  );
});

describe('an error outside the scopes', () => {
  class OutOfMemory extends Error {}
  afterEach(() => vi.unstubAllGlobals());

  test.each([
    [
      'of memory',
      new OutOfMemory('vkAllocateMemory failed\n - While calling CreateBuffer([BufferDescriptor "y"])'),
      /^out of GPU memory: use fewer replicas, smaller batches or a smaller net: vkAllocateMemory failed - .*"y"\]\)$/,
    ],
    ['of use', new Error('usage is invalid'), /^WebGPU reports: usage is invalid$/],
  ])('%s', async (_, error, message) => {
    vi.stubGlobal('GPUOutOfMemoryError', OutOfMemory);
    const device = Object.assign(new EventTarget(), {
      lost: new Promise(() => {}),
      features: new Set(),
      limits: {},
    });
    const gpu = await wrapDevice(device as unknown as GPUDevice, info({}));
    expect(() => gpu.check()).not.toThrow();
    device.dispatchEvent(Object.assign(new Event('uncapturederror'), { error }));
    expect(() => gpu.check()).toThrow(message);
    await expect(gpu.failure).rejects.toBeInstanceOf(GpuError);
  });
});
