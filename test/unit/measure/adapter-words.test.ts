import { expect, test } from 'vitest';
import { type AdapterKind, traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { matmulForward } from '../../../src/kernels/matmul.ts';
import { kindsText } from '../../../src/measure/adapter-words.ts';
import { kernelGroup } from '../../../src/measure/kernel-group.ts';

const adapter = (kind: AdapterKind): Capabilities =>
  ({
    ...traitsOf(kind),
    subgroups: true,
    eightLanes: true,
    maxInvocationsPerWorkgroup: 256,
    software: false,
  }) as Capabilities;

test.each([
  ['stationary-64x64', 'cpu', 'made for SwiftShader'],
  ['shuffle-64x64', 'swiftshader', 'made for other software adapters (lavapipe, WARP)'],
  ['block-128x128x8-8x8', 'cpu', 'made for GPUs'],
] as const)('%s is not timed on %s, which is said in words: %s', (name, kind, reason) => {
  const shape = { M: 512, N: 512, K: 512 };
  const { skipped } = kernelGroup(matmulForward, shape, 1, { capabilities: adapter(kind), forced: {} });
  expect(skipped.find((each) => each.name === name)?.reason).toBe(reason);
});

test.each([
  ['SwiftShader and other software adapters (lavapipe, WARP)', ['swiftshader', 'cpu']],
  ['SwiftShader and nvidia adapters', ['swiftshader', 'nvidia']],
] as const)('kinds in words: %s', (text, kinds) => {
  expect(kindsText(kinds)).toBe(text);
});
