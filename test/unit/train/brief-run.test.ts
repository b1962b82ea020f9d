import { expect, test } from 'vitest';
import { type AdapterKind, traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Gpu } from '../../../src/gpu/device.ts';
import { forBriefRun, isBrief } from '../../../src/train/brief-run.ts';

test.for([
  ['200 steps of 100', { steps: 200, batchSize: 100 }, {}, true],
  ['one more', { steps: 201, batchSize: 100 }, {}, false],
  ['few steps of many samples', { steps: 3, batchSize: 10_000 }, {}, false],
  ['forced kernels', { steps: 1, batchSize: 1 }, { variants: { sgd: 'vec4' } }, false],
  ['kernels that are checked', { steps: 1, batchSize: 1 }, { gradients: true }, false],
] as const)('brief: %s', ([, settings, request, expected]) => {
  expect(isBrief(settings, request)).toBe(expected);
});

const gpu = (kind: AdapterKind) =>
  ({ capabilities: { ...traitsOf(kind), subgroups: true, software: kind === 'swiftshader' } }) as Gpu;

test('SwiftShader is taken for an adapter whose compiler is slow; everything else stays', () => {
  const adapter = gpu('swiftshader');
  expect(forBriefRun(adapter).capabilities).toEqual({ ...adapter.capabilities, ...traitsOf('cpu') });
});

test.each(['cpu', 'gpu', 'nvidia'] as const)('another kind of adapter stays what it is: %s', (kind) => {
  const adapter = gpu(kind);
  expect(forBriefRun(adapter)).toBe(adapter);
});
