import { expect, test } from 'vitest';
import { type AdapterKind, traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { fusionPays, splitsFor } from '../../../src/nn/fuse.ts';

const capabilities = (kind: AdapterKind) =>
  ({ ...traitsOf(kind), software: kind === 'swiftshader' || kind === 'cpu' }) as Capabilities;
const [gpu, nvidia] = [capabilities('gpu'), capabilities('nvidia')];

test('on a GPU the terms of a product with few blocks are summed in parts, 128 workgroups in all, 32 parts at most', () => {
  expect(splitsFor({ M: 100, N: 52, K: 3072 }, gpu)).toBe(16);
  expect(splitsFor({ M: 500, N: 52, K: 3072 }, gpu)).toBe(4);
  expect(splitsFor({ M: 32, N: 32, K: 3072 }, gpu)).toBe(32);
  expect(splitsFor({ M: 100, N: 52, K: 508 }, gpu)).toBe(1);
  expect(splitsFor({ M: 1024, N: 1024, K: 1024 }, nvidia)).toBe(1);
  // 64 blocks fill a small GPU, not a large one.
  expect(splitsFor({ M: 256, N: 256, K: 1024 }, gpu)).toBe(1);
  expect(splitsFor({ M: 256, N: 256, K: 1024 }, nvidia)).toBe(2);
});

test.each(['swiftshader', 'cpu'] as const)(
  'an adapter that computes on CPU cores needs no parts: %s',
  (kind) => {
    expect(splitsFor({ M: 100, N: 52, K: 3072 }, capabilities(kind))).toBe(1);
  },
);

test.for([
  ['a width with a variant made for it', 'swiftshader', 52, 32, true],
  ['the narrowest of those', 'swiftshader', 4, 32, true],
  ['one that is not padded to whole vec4s', 'swiftshader', 6, 32, false],
  ['rows that no variant mirrors', 'swiftshader', 52, 28, false],
  ['a GPU', 'gpu', 52, 32, false],
] as const)(
  'the first layer fetches the images itself only where that is faster: %s',
  ([, kind, N, side, pays]) => {
    const images = { C: 3, H: side, W: side, SHARD_IMAGES: 1000, SHARDED: 0 } as const;
    const shape = { M: 100, N, ORDER: 1000, STEPS_PER_EPOCH: 10, ...images };
    const adapter = { ...capabilities(kind), subgroups: true, mostUnrolled: Number.POSITIVE_INFINITY };
    expect(fusionPays(adapter)(shape)).toBe(pays);
    expect(fusionPays({ ...adapter, subgroups: false })(shape)).toBe(false);
  },
);
