import { expect, test } from 'vitest';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { splitsFor } from '../../../src/nn/fuse.ts';

const hardware = { software: false } as Capabilities;
const software = { software: true } as Capabilities;

test('on a GPU the terms of a product with few tiles are summed in parts of at least 256', () => {
  expect(splitsFor({ M: 100, N: 52, K: 3072 }, hardware)).toBe(12);
  expect(splitsFor({ M: 500, N: 52, K: 3072 }, hardware)).toBe(8);
  expect(splitsFor({ M: 100, N: 52, K: 52 }, hardware)).toBe(1);
  expect(splitsFor({ M: 1024, N: 1024, K: 1024 }, hardware)).toBe(1);
});

test('an adapter that computes on CPU cores needs no parts', () => {
  expect(splitsFor({ M: 100, N: 52, K: 3072 }, software)).toBe(1);
});
