import { expect, test } from 'vitest';
import type { Capabilities } from '../../src/gpu/device.ts';
import type { Kernel, Variant } from '../../src/kernels/kernel.ts';
import { matmulForward, matmulWgrad } from '../../src/kernels/matmul.ts';
import {
  defaultChoice,
  forcesGatherApart,
  recordedChoice,
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
  preferred: { software: ['long', 'short'], hardware: [] },
};

const capabilities = { software: true, subgroups: true, maxWorkgroupsPerDimension: 65_535 } as Capabilities;
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
  const hardware = { ...capabilities, software: false };
  const others = { ...kernel, variants: [refusing, kernel.variants[1]!], preferred: undefined };
  expect(defaultChoice(others as never, { N: 4 }, hardware, place).name).toBe('long');
  const none = { ...kernel, variants: [refusing], preferred: undefined };
  expect(() => defaultChoice(none as never, { N: 4 }, hardware, place)).toThrow(/^op: .*N=4.*too large$/);
});

test('a variant forced on plain products or the gather is meant for the first layer, unless its own products are forced', () => {
  expect(forcesGatherApart({ matmul: 'naive' })).toBe(true);
  expect(forcesGatherApart({ gather: 'words-4' })).toBe(true);
  expect(forcesGatherApart({ sgd: 'vec4' })).toBe(false);
  expect(forcesGatherApart({ 'gather-matmul': 'naive' })).toBe(false);
  expect(forcesGatherApart({ matmul: 'naive', 'gather-matmul': 'naive' })).toBe(false);
});

test('a recorded variant is used though it does not pay; one that is gone is an error that says so', () => {
  const choose = (name: string) =>
    recordedChoice({ [place.label]: name })(kernel, { N: 4 }, capabilities, place).name;
  expect(choose('long')).toBe('long');
  expect(() => choose('longer')).toThrow(UnknownVariant);
  expect(() => choose('longer')).toThrow(/checkpoint .* op\/longer/);
});

test.each([
  { product: matmulForward, M: 512, N: 512, K: 512, software: true, name: 'stationary-64x64' },
  { product: matmulForward, M: 512, N: 512, K: 512, software: false, name: 'tile' },
  { product: matmulForward, M: 100, N: 256, K: 512, software: true, name: 'stationary-64x64' },
  // One workgroup; half of the terms would be zeros; columns that are no multiple of 64.
  { product: matmulForward, M: 100, N: 64, K: 3072, software: true, name: 'quad-13x28' },
  { product: matmulWgrad, M: 32, N: 512, K: 512, software: true, name: 'quad-12x52' },
  { product: matmulForward, M: 100, N: 52, K: 3072, software: true, name: 'quad-13x28' },
])(
  '$product.op M=$M N=$N K=$K, software $software: $name by default',
  ({ product, M, N, K, software, name }) => {
    expect(defaultChoice(product, { M, N, K }, { ...capabilities, software }, place).name).toBe(name);
  },
);
