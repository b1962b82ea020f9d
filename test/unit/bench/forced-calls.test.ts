/** `npm run bench -- --variant`: what is refused everywhere is not timed as something else. */
import { describe, expect, test } from 'vitest';
import { requireForcedIn } from '../../../bench/suites/forced-calls.ts';
import { kernelGroups } from '../../../bench/suites/kernel-suite.ts';
import { stepGroups } from '../../../bench/suites/train-suite.ts';
import { traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';

const adapter = (eightLanes: boolean): Capabilities => ({
  ...traitsOf('cpu'),
  subgroups: true,
  eightLanes,
  software: true,
  maxWorkgroupStorageSize: 32_768,
  maxInvocationsPerWorkgroup: 256,
  maxWorkgroupsPerDimension: 65_535,
});
const asked = { name: 'patch-4-4-8', batchSize: undefined };
const shuffle = { 'conv-forward': 'shuffle' };
const quick = true;

describe.each([
  [
    'kernels',
    (forced: Readonly<Record<string, string>>, capabilities: Capabilities) =>
      kernelGroups({ capabilities, quick, forced, net: asked }),
  ],
  ['train', async (forced: Readonly<Record<string, string>>) => stepGroups({ quick, forced, net: asked })],
] as const)('of %s', (_, groupsOf) => {
  test('a variant that this adapter refuses is told', async () => {
    const groups = await groupsOf(shuffle, adapter(false));
    expect(() => requireForcedIn(groups, shuffle, adapter(false))).toThrow(
      /^the forced variant conv-forward=shuffle computes nothing here: .*: the adapter has no shuffles of eight lanes$/,
    );
  });

  test('one that it has is not, nor one of an op that the net lacks', async () => {
    for (const forced of [shuffle, { 'net-tail': 'workgroup-256' }, {}]) {
      const groups = await groupsOf(forced, adapter(true));
      expect(() => requireForcedIn(groups, forced, adapter(true))).not.toThrow();
    }
  });
});

test('among several nets one that takes it is enough', () => {
  const forced = { 'net-tail': 'workgroup-256' };
  expect(() => requireForcedIn(stepGroups({ quick: false, forced }), forced, adapter(true))).not.toThrow();
});
