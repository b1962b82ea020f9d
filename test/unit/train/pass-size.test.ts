import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { Allocator } from '../../../src/gpu/tensor.ts';
import { makeModel } from '../../../src/nn/model.ts';
import { namedNet } from '../../../src/nn/named-nets.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';
import { mostSamples } from '../../../src/train/pass-size.ts';
import { fullyConnected } from '../../fully-connected.ts';

const MiB = 2 ** 20;
const most = (
  net: NetSpec,
  replicas: number,
  maxBufferSize = 1024 * MiB,
  maxStorageBufferBindingSize = maxBufferSize,
) =>
  mostSamples(
    { device: { limits: { maxBufferSize, maxStorageBufferBindingSize } } } as unknown as Gpu,
    makeModel(new Allocator(), net, replicas),
  );

test('as many samples as the largest tensor of a pass leaves room for', () => {
  const base = fullyConnected({ inputs: 3072, hidden: [50, 50], classes: 10, batchNorm: null });
  // 12 KB an image.
  expect(most(base, 1)).toBe(Math.floor((256 * MiB) / 12_288));
  expect(most(base, 175, 128 * MiB)).toBe(Math.floor((128 * MiB) / 12_288 / 175));
  expect(most(base, 1, 1024 * MiB, 64 * MiB)).toBe(Math.floor((64 * MiB) / 12_288));
  // The first convolution: 32 x 32 pixels of 64 channels, 256 KB an image and replica.
  const vgg = namedNet('vgg-64-128-256', { channels: 3, height: 32, width: 32 }, 10);
  expect(most(vgg, 9)).toBe(113);
  expect(most(vgg, 9, MiB)).toBe(1);
});
