import { expect, test } from 'vitest';
import { type AdapterKind, traitsOf } from '../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../src/gpu/device.ts';
import { hopelessness, type Kernel, type Variant } from '../../src/kernels/kernel.ts';
import { matmulDgrad, matmulForward, matmulForwardSplit, matmulWgrad } from '../../src/kernels/matmul.ts';
import {
  defaultChoice,
  forcedFusion,
  forcedName,
  forcedTail,
  isForcedBy,
  recordedChoice,
  requireForced,
  UnknownVariant,
} from '../../src/kernels/variant-choice.ts';

type Shape = { readonly N: number };

const variant = (name: string, more: Partial<Variant<Shape>> = {}): Variant<Shape> => ({
  name,
  source: '',
  constants: () => ({}),
  grid: () => [1, 1],
  ...more,
});

const kernel: Kernel<Shape> = {
  op: 'op',
  bindings: [],
  cost: () => ({ flops: 0, bytes: 0 }),
  variants: [
    variant('naive'),
    variant('long', { pays: ({ N }) => N >= 100 }),
    variant('short', { refuses: ({ N }) => (N % 4 === 0 ? undefined : 'N % 4') }),
  ],
  preferred: { swiftshader: ['long', 'short'] },
};

const adapter = (kind: AdapterKind): Capabilities => ({
  ...traitsOf(kind),
  subgroups: true,
  eightLanes: true,
  software: kind === 'swiftshader' || kind === 'cpu',
  maxWorkgroupStorageSize: 16_384,
  maxInvocationsPerWorkgroup: 256,
  maxWorkgroupsPerDimension: 65_535,
});
const capabilities = adapter('swiftshader');
const place = { label: 'layers.0 forward', replicas: 1 };

test.each([
  { N: 100, chosen: 'long' },
  { N: 96, chosen: 'short' },
  { N: 97, chosen: 'naive' },
])('by default N = $N gets the first preferred variant that pays and runs: $chosen', ({ N, chosen }) => {
  expect(defaultChoice(kernel, { N }, capabilities, place).name).toBe(chosen);
});

test('where the first variant refuses, another one that can compute the shape is taken; else an error says why', () => {
  const refusing = { ...kernel.variants[0]!, refuses: () => 'too large' };
  const hardware = adapter('gpu');
  const others = { ...kernel, variants: [refusing, kernel.variants[1]!], preferred: undefined };
  expect(defaultChoice(others as never, { N: 4 }, hardware, place).name).toBe('long');
  const none = { ...kernel, variants: [refusing], preferred: undefined };
  expect(() => defaultChoice(none as never, { N: 4 }, hardware, place)).toThrow(/^op: .*N=4.*too large$/);
});

test('what is forced for an op is under its name or the first words of it, and the longest key decides', () => {
  const forced = { matmul: 'naive', 'matmul-wgrad': 'quad-12x52', gather: 'words-4' };
  expect(forcedName('matmul-wgrad', forced)).toBe('quad-12x52');
  expect(forcedName('matmul-forward-split', forced)).toBe('naive');
  expect(forcedName('gather-matmul-wgrad', forced)).toBe('words-4');
  expect(forcedName('sgd', forced)).toBe(undefined);
  expect(['sgd', 'sgd-momentum', 'sgds'].map((op) => isForcedBy(op, 'sgd'))).toEqual([true, true, false]);
});

test('a variant forced on plain products or the gather is meant for the first layer, unless its own products are forced', () => {
  expect(forcedFusion({ matmul: 'naive' })).toBe(false);
  expect(forcedFusion({ gather: 'words-4' })).toBe(false);
  expect(forcedFusion({ sgd: 'vec4' })).toBe(undefined);
  expect(forcedFusion({ 'gather-matmul': 'naive' })).toBe(true);
  expect(forcedFusion({ matmul: 'naive', 'gather-matmul': 'naive' })).toBe(true);
});

test('a forced variant that every call of its ops refuses is told with a reason; one that computes a call, or has none, is not', () => {
  const callOf = (N: number) => ({ label: `N=${N}`, kernel: kernel as unknown as Kernel, shape: { N } });
  const wanted = (forced: Readonly<Record<string, string>>, ...sizes: readonly number[]) => {
    requireForced(forced, sizes.map(callOf), capabilities);
  };
  expect(() => wanted({ op: 'short' }, 5, 7)).toThrow(
    /^the forced variant op=short computes nothing here: N=5: N % 4$/,
  );
  wanted({ op: 'short' }, 5, 8);
  wanted({ op: 'naive' }, 5);
  wanted({ 'op-of-another-net': 'short' }, 5);
  wanted({ op: 'of another op under that name' }, 5);
});

test('a recorded variant that this adapter refuses is left to the others', () => {
  const refusing = { ...kernel.variants[0]!, name: 'short', refuses: () => 'no subgroups here' };
  const two = { ...kernel, variants: [refusing, kernel.variants[1]!] };
  const choose = recordedChoice({ [place.label]: 'short' }, () => kernel.variants[1] as never);
  expect(choose(two as never, { N: 4 }, capabilities, place).name).toBe(kernel.variants[1]!.name);
});

test('a recorded variant is used though it does not pay; one that is gone is an error that says so', () => {
  const choose = (name: string) =>
    recordedChoice({ [place.label]: name })(kernel, { N: 4 }, capabilities, place).name;
  expect(choose('long')).toBe('long');
  expect(() => choose('longer')).toThrow(UnknownVariant);
  expect(() => choose('longer')).toThrow(/checkpoint .* op\/longer/);
});

test.each([
  { product: matmulForward, M: 512, N: 512, K: 512, kind: 'swiftshader', name: 'stationary-64x64' },
  { product: matmulForward, M: 100, N: 256, K: 512, kind: 'swiftshader', name: 'stationary-64x64' },
  // One workgroup; half of the terms would be zeros; columns that are no multiple of 64.
  { product: matmulForward, M: 100, N: 64, K: 3072, kind: 'swiftshader', name: 'quad-13x28' },
  { product: matmulWgrad, M: 32, N: 512, K: 512, kind: 'swiftshader', name: 'quad-12x52' },
  { product: matmulForward, M: 100, N: 52, K: 3072, kind: 'swiftshader', name: 'quad-13x28' },
  { product: matmulForward, M: 512, N: 512, K: 512, kind: 'cpu', name: 'shuffle-64x64' },
  { product: matmulWgrad, M: 100, N: 52, K: 3072, kind: 'cpu', name: 'shuffle-64x64' },
  // What it would save does not repay compiling it.
  { product: matmulForward, M: 100, N: 52, K: 52, kind: 'cpu', name: 'quad-5x12' },
  // 64 blocks of 64×64 fill a small GPU, not a large one.
  { product: matmulForward, M: 512, N: 512, K: 512, kind: 'intel', name: 'block-64x64x16-4x4' },
  { product: matmulForward, M: 512, N: 512, K: 512, kind: 'nvidia', name: 'block-32x32x16-4x4' },
  { product: matmulWgrad, M: 64, N: 1024, K: 1024, kind: 'nvidia', name: 'block-64x64x16-4x4' },
  { product: matmulForward, M: 1024, N: 1024, K: 64, kind: 'apple', name: 'block-64x64x16-8x4' },
  { product: matmulForward, M: 100, N: 52, K: 3072, kind: 'gpu', name: 'block-32x32x16-4x4' },
] as const)('$product.op M=$M N=$N K=$K on $kind: $name by default', ({ product, M, N, K, kind, name }) => {
  expect(defaultChoice(product, { M, N, K }, adapter(kind), place).name).toBe(name);
});

test('where eight lanes do not exchange values, a CPU computes products by quads', () => {
  const narrow = { ...adapter('cpu'), eightLanes: false };
  const shape = { M: 512, N: 512, K: 512 };
  expect(defaultChoice(matmulForward, shape, narrow, place).name).toBe('quad-5x12');
  expect(defaultChoice(matmulWgrad, shape, narrow, place).name).toBe('quad-4x12');
  expect(defaultChoice(matmulDgrad, shape, narrow, place).name).toBe('quad-5x12');
});

const products = [
  matmulForward,
  matmulForwardSplit,
  matmulWgrad,
  matmulDgrad,
] as unknown as readonly Kernel[];
const blocks = products.flatMap(({ op, variants }) =>
  variants.filter(({ name }) => name.startsWith('block-')).map((one) => ({ op, name: one.name, one })),
);

test.each(blocks)('$op/$name keeps to the limits that every adapter has', ({ one }) => {
  const { BM, BN, BK, INVOCATIONS } = one.constants({ M: 64, N: 64, K: 64, SPLITS: 2 }) as Record<
    string,
    number
  >;
  expect(INVOCATIONS).toBeLessThanOrEqual(256);
  // Of a tile that is padded, which takes more than one that is not.
  const bytes = 16 * (BM! + BN!) * (BK! / 4 + 1);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(16_384);
});

test('what is made for one kind of adapter is not in the running elsewhere, nor what writes out more than compiles in time', () => {
  const shape = { M: 512, N: 512, K: 512 };
  const inTheRunning = (kind: AdapterKind) =>
    matmulForward.variants
      .filter((candidate) => hopelessness(candidate, shape, adapter(kind)) === undefined)
      .map(({ name }) => name);
  expect(inTheRunning('swiftshader')).toEqual(expect.arrayContaining(['quad-13x52', 'stationary-64x64']));
  expect(inTheRunning('swiftshader').some((name) => name.startsWith('block'))).toBe(false);
  expect(inTheRunning('cpu')).toEqual([
    ...['naive', 'register-5x4', 'quad-5x12', 'quad-4x16', 'shuffle-64x64'],
  ]);
  expect(inTheRunning('amd')).toContain('block-128x128x8-8x8');
  expect(inTheRunning('amd')).not.toContain('stationary-64x64');
});

test('a forced tail is in one workgroup, a forced part of it is not', () => {
  expect(forcedTail({ 'net-tail': 'workgroup-256' })).toBe(true);
  expect(forcedTail({ 'net-tail': 'workgroup-256', matmul: 'naive' })).toBe(true);
  expect(forcedTail({ matmul: 'naive' })).toBe(false);
  expect(forcedTail({ 'batch-norm-backward': 'naive' })).toBe(false);
  expect(forcedTail({ 'gather-matmul': 'naive', sgd: 'vec4' })).toBe(undefined);
  // Of evaluations, and of what stays a dispatch of its own.
  expect(forcedTail({ 'batch-norm-inference': 'naive', 'matmul-forward-split': 'naive' })).toBe(undefined);
  expect(forcedTail({})).toBe(undefined);
});
