import { describe, expect, test } from 'vitest';
import { adapterName, describeAdapter, requestGpu, wrapDevice } from '../../../src/gpu/device.ts';
import { GpuError } from '../../../src/gpu/errors.ts';
import { eights, probeSubgroups, quads } from '../../../src/gpu/subgroup-probe.ts';
import { refusal } from '../../../src/kernels/kernel.ts';
import { matmulForward } from '../../../src/kernels/matmul.ts';
import { checkVariant, describeCheck } from '../../../src/reference/check.ts';

async function openAdapter(): Promise<GPUAdapter> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  return adapter;
}

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('requestGpu', () => {
  test('says what is missing', async () => {
    await expect(requestGpu(undefined)).rejects.toThrow('this browser has no WebGPU');
    const blocked = { requestAdapter: async () => null } as unknown as GPU;
    await expect(requestGpu(blocked)).rejects.toThrow('WebGPU finds no adapter');
  });

  test('asks for room for the data set, and reports what the device has', async () => {
    const adapter = await openAdapter();
    const gpu = await requestGpu(navigator.gpu);
    expect(gpu.device.limits.maxBufferSize).toBe(adapter.limits.maxBufferSize);
    expect(gpu.timestamps).toBe(adapter.features.has('timestamp-query'));
    expect(gpu.capabilities.maxWorkgroupStorageSize).toBe(adapter.limits.maxComputeWorkgroupStorageSize);
    expect(gpu.capabilities.maxInvocationsPerWorkgroup).toBe(
      adapter.limits.maxComputeInvocationsPerWorkgroup,
    );
    expect(adapterName(gpu.adapter)).not.toBe('');
    expect(() => gpu.check()).not.toThrow();
    gpu.device.destroy();
  });
});

describe('a device with default limits only', () => {
  test('computes products by blocks that fit 16 KiB and 256 invocations', async () => {
    const adapter = await openAdapter();
    const device = await adapter.requestDevice();
    const gpu = await wrapDevice(device, describeAdapter(adapter.info));
    const { maxWorkgroupStorageSize, maxInvocationsPerWorkgroup } = gpu.capabilities;
    expect([maxWorkgroupStorageSize, maxInvocationsPerWorkgroup]).toEqual([16_384, 256]);
    expect(gpu.timestamps).toBe(false);
    const blocks = matmulForward.variants.filter(({ name }) => name.startsWith('block'));
    const shape = { M: 130, N: 132, K: 20 };
    expect(blocks.map((block) => refusal(block, shape, gpu.capabilities))).toEqual(
      blocks.map(() => undefined),
    );
    const result = await checkVariant(gpu, matmulForward, blocks.at(-1)!, shape, 1, 1);
    expect(result.ok, describeCheck(result)).toBe(true);
    device.destroy();
  });
});

describe('a failed device', () => {
  test('is reported when it is lost', async () => {
    const gpu = await requestGpu(navigator.gpu);
    gpu.device.destroy();
    const error = await settled(gpu.failure);
    expect(error).toBeInstanceOf(GpuError);
    expect(String(error)).toContain('the GPU device was lost (destroyed)');
    expect(() => gpu.check()).toThrow('lost');
  });

  test('is reported at an error that no scope catches, the first one only', async () => {
    const gpu = await requestGpu(navigator.gpu);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE;
    gpu.device.createBuffer({ label: 'first', size: 16, usage });
    gpu.device.createBuffer({ label: 'second', size: 16, usage });
    await gpu.device.queue.onSubmittedWorkDone(); // Chrome sends what was recorded when something asks for an answer.
    expect(String(await settled(gpu.failure))).toMatch(/WebGPU reports: .*first/s);
    expect(() => gpu.check()).toThrow('first');
    gpu.device.destroy();
  });
});

describe('subgroups', () => {
  test('are not used on a device without the feature, whatever the adapter offers', async () => {
    const adapter = await openAdapter();
    const device = await adapter.requestDevice();
    expect([await probeSubgroups(device, quads), await probeSubgroups(device, eights)]).toEqual([
      false,
      false,
    ]);
    const gpu = await wrapDevice(device, describeAdapter(adapter.info));
    expect([gpu.capabilities.subgroups, gpu.capabilities.eightLanes]).toEqual([false, false]);
    device.destroy();
  });

  test('are used where the probe finds them right', async ({ skip }) => {
    const adapter = await openAdapter();
    skip(!adapter.features.has('subgroups'), 'the adapter has no subgroups');
    const device = await adapter.requestDevice({ requiredFeatures: ['subgroups'] });
    expect(await probeSubgroups(device, quads)).toBe(true);
    const { subgroupMinSize, subgroupMaxSize } = adapter.info;
    const eightLanes = await probeSubgroups(device, eights);
    // Of 4 to 64 an adapter may run either.
    if (subgroupMinSize >= 8 || subgroupMaxSize < 8) expect(eightLanes).toBe(subgroupMinSize >= 8);
    const { capabilities } = await wrapDevice(device, describeAdapter(adapter.info));
    expect([capabilities.subgroups, capabilities.eightLanes]).toEqual([true, eightLanes]);
    device.destroy();
    expect([await probeSubgroups(device, quads), await probeSubgroups(device, eights)]).toEqual([
      false,
      false,
    ]);
  });
});
