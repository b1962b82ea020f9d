import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import type { Tensor } from '../../../src/gpu/tensor.ts';
import { call, prepare } from '../../../src/kernels/call.ts';
import { scale } from '../../../src/kernels/scale.ts';
import { defaultChoice } from '../../../src/kernels/variant-choice.ts';
import { workOf } from '../../../src/measure/step-profile.ts';

/** Where nothing is compiled, and few workgroups start in a dimension. */
const gpuStarting = (maxWorkgroupsPerDimension: number) =>
  ({
    capabilities: { maxWorkgroupsPerDimension },
    device: { createBindGroup: () => ({}) },
    pipelines: { pipeline: async () => ({}), layout: () => ({}) },
  }) as unknown as Gpu;

const tensor = (label: string, size: number, replicas: number): Tensor => ({
  ...{ label, size, replicas, replicaStride: size, offsetBytes: 0 },
  buffer: {} as GPUBuffer,
});

test('a grid that is folded is the work of its replicas, not of its parts', async () => {
  const size = 4096;
  const shape = { COUNT: size, FACTOR: 0.5 };
  const [x, y] = [tensor('x', size, 3), tensor('y', size, 3)];
  const scaling = call('scale', scale, shape, { x, y });
  const [whole, folded] = await Promise.all(
    [65_535, 4].map((most) => prepare(gpuStarting(most), defaultChoice, scaling)),
  );
  expect(folded!.workgroups[2]).toBeGreaterThan(whole!.workgroups[2]);
  const { flops, bytes } = scale.cost(shape);
  for (const dispatch of [whole!, folded!])
    expect(workOf(dispatch)).toEqual({ flops: 3 * flops, bytes: 3 * bytes });
});
