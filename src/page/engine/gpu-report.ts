import { defaultDataset } from '../../data/datasets/index.ts';
import { imageBytes, splitImages } from '../../data/record-set.ts';
import { adapterName, type Gpu } from '../../gpu/device.ts';
import { tuningKey } from '../../train/tuner.ts';
import type { GpuReport, LimitReport } from './protocol.ts';

/** Limits that decide what the engine can do, with what WebGPU grants everywhere (https://www.w3.org/TR/webgpu/#limits). */
const usualLimits = {
  maxBufferSize: 268_435_456,
  maxStorageBufferBindingSize: 134_217_728,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBuffersPerShaderStage: 8,
} as const;

/** What is known of a device and of the adapter that it came from. */
export function gpuReport(gpu: Gpu, offered: GPUAdapter, tookMs: number): GpuReport {
  const { device, adapter } = gpu;
  const limits = Object.entries(usualLimits).map(
    ([name, usual]): LimitReport => ({
      name,
      usual,
      offered: offered.limits[name as keyof typeof usualLimits],
      granted: device.limits[name as keyof typeof usualLimits],
    }),
  );
  // The training images lie in two buffers where one cannot hold them.
  const needs = Math.ceil(splitImages(defaultDataset, 'train') / 2) * imageBytes(defaultDataset);
  const has = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  return {
    adapter,
    name: adapterName(adapter),
    timestamps: gpu.timestamps,
    subgroups: gpu.capabilities.subgroups,
    limits,
    features: [...offered.features].sort(),
    tuningKey: tuningKey(gpu, navigator.userAgent),
    tookMs,
    ...(has < needs && { tooSmall: { limit: 'maxStorageBufferBindingSize', has, needs } }),
  };
}
