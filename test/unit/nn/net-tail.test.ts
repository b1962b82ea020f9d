/** The rewrite of a step's calls, without a GPU. */
import { expect, test } from 'vitest';
import { settingsOf } from '../../../bench/suites/nets.ts';
import { traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { isCallOf } from '../../../src/kernels/call.ts';
import { netTail, tailWork } from '../../../src/kernels/net-tail.ts';
import { recordCalls } from '../../../src/measure/recorded-calls.ts';
import type { BatchNormOptions } from '../../../src/nn/layers/batch-norm.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';

const capabilities: Capabilities = {
  ...traitsOf('nvidia'),
  software: false,
  subgroups: true,
  eightLanes: true,
  maxWorkgroupStorageSize: 49_152,
  maxInvocationsPerWorkgroup: 1024,
  maxWorkgroupsPerDimension: 65_535,
};

const record = (hidden: readonly number[], oneWorkgroup: boolean, net?: string) =>
  recordCalls({
    settings: settingsOf({ hidden, optimizer: 'sgd', ...(net && { net }) }, 3),
    capabilities,
    images: 1000,
    oneWorkgroup,
  });

test('a step of base on a GPU is 7 dispatches in the place of 18', () => {
  expect(record([50, 50], false)).toHaveLength(18);
  expect(record([50, 50], true).map(({ label }) => label)).toEqual([
    'gather',
    'layers.0 forward',
    'layers.0 forward sum',
    'tail',
    'layers.0 wgrad',
    'sgd',
    'step end',
  ]);
});

test('nine layers are as many', () => expect(record([50, 30, 20, 20, 10, 10, 10, 10], true)).toHaveLength(7));

test("the first product writes the tail's tensor, and its wgrad reads it", () => {
  const calls = record([50, 50], true);
  const tail = calls.find(isCallOf(netTail))!;
  const [sum, wgrad] = [calls[2]!, calls[4]!];
  expect(sum.tensors.y).toBe(wgrad.tensors.dy);
  const { y } = sum.tensors;
  expect([y!.offsetBytes, y!.size, y!.replicas]).toEqual([0, 100 * 52, 3]);
  expect(y!.replicaStride).toBe(tail.tensors.work.replicaStride);
  expect(tail.tensors.work.size).toBe(tailWork(tail.shape).size);
});

test('where the tail is separate, no call knows of it', () => {
  expect(record([50, 50], false).some(isCallOf(netTail))).toBe(false);
});

test.each([
  ['a convolutional net', [], 'vgg-16-32-64', 'it takes linear layers'],
  ['no hidden layer', [], undefined, 'it takes linear layers'],
  ['a wide layer', [512, 256], undefined, 'a layer behind the first is so wide'],
] as const)('%s is refused', (_, hidden, net, reason) => {
  expect(() => record(hidden, true, net)).toThrow(`net-tail cannot compute this net: ${reason}`);
});

/** Base's net whose second batch norm has other settings. */
function withOddNorm(net: NetSpec, odd: Partial<BatchNormOptions>): NetSpec {
  const last = net.layers.findLastIndex(({ kind }) => kind === 'batch-norm');
  return { ...net, layers: net.layers.map((layer, i) => (i === last ? { ...layer, ...odd } : layer)) };
}

test.each<Partial<BatchNormOptions>>([
  { eps: 1e-3 },
  { statsMomentum: 0.5 },
  { runningVariance: 'unbiased' },
  { runningInit: 'zero-one' },
])('batch norms that differ in %o are refused: one workgroup has one rule for all', (odd) => {
  const settings = settingsOf({ hidden: [50, 50], optimizer: 'sgd' }, 3);
  const net = withOddNorm(settings.net, odd);
  expect(() =>
    recordCalls({ settings: { ...settings, net }, capabilities, images: 1000, oneWorkgroup: true }),
  ).toThrow('its batch norms have different settings');
});
