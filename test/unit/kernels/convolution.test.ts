import { describe, expect, test } from 'vitest';
import { traitsOf } from '../../../src/gpu/adapter-kind.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { convDgrad, convForward, convWgrad } from '../../../src/kernels/convolution.ts';
import {
  type ConvShape,
  outputSize,
  productSize,
  rowsOfPart,
  wgradParts,
  withoutOverlap,
} from '../../../src/kernels/convolution-shape.ts';
import { shuffleDgrad, shuffleForward, shuffleWgrad } from '../../../src/kernels/convolution-shuffle.ts';
import { stationaryWgrad } from '../../../src/kernels/convolution-stationary.ts';
import { hopelessness, type Kernel } from '../../../src/kernels/kernel.ts';
import { defaultChoice } from '../../../src/kernels/variant-choice.ts';
import { convolution } from '../../../src/reference/convolution.ts';

const square = (size: number, step: number, pad: number) => ({
  SIZE_Y: size,
  SIZE_X: size,
  STEP_Y: step,
  STEP_X: step,
  PAD_Y: pad,
  PAD_X: pad,
});
const vgg: ConvShape = { B: 100, H: 32, W: 32, C: 16, N: 32, ...square(3, 2, 1) };

test('sizes of the output and of the product', () => {
  expect(outputSize(vgg)).toEqual({ P: 16, Q: 16 });
  expect(outputSize({ ...vgg, ...square(2, 1, 0) })).toEqual({ P: 31, Q: 31 });
  expect(productSize(vgg)).toEqual({ M: 25_600, N: 32, K: 144 });
});

describe('withoutOverlap', () => {
  test('patches of a row become pixels with more channels, and the result stays', () => {
    const patches: ConvShape = { B: 2, H: 8, W: 8, C: 4, N: 3, ...square(4, 4, 0) };
    const view = withoutOverlap(patches);
    expect(view).toEqual({ ...patches, W: 2, C: 16, SIZE_X: 1, STEP_X: 1 });
    expect(productSize(view)).toEqual(productSize(patches));
    const numbers = (count: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(i * i));
    const [x, w] = [numbers(2 * 8 * 8 * 4), numbers(4 * 4 * 4 * 3)];
    expect(convolution(x, w, null, view)).toEqual(convolution(x, w, null, patches));
  });

  test('leaves what overlaps, has padding or leaves pixels over', () => {
    for (const shape of [vgg, { ...vgg, ...square(2, 2, 1) }, { ...vgg, ...square(3, 3, 0) }]) {
      expect(withoutOverlap(shape)).toBe(shape);
    }
  });
});

const swiftshader = { ...traitsOf('swiftshader'), software: true, subgroups: true } as Capabilities;
const lavapipe = { ...swiftshader, ...traitsOf('cpu'), eightLanes: true } as Capabilities;
const chosen = (kernel: Kernel<ConvShape>, shape: ConvShape, capabilities = swiftshader) =>
  defaultChoice(kernel as unknown as Kernel, { ...shape }, capabilities, { label: '', replicas: 1 }).name;

test.each([
  [12, 'stationary', 'strip-12x32'],
  [20, 'strip-8x32', 'strip-12x32'],
  [24, 'stationary', 'strip-12x32'],
  [36, 'stationary', 'strip-12x32'],
  [48, 'stationary', 'stationary'],
  [72, 'stationary', 'strip-12x32'],
])('of %d columns forward and dgrad take %s on SwiftShader, wgrad %s', (columns, forward, wgrad) => {
  const shape = { ...vgg, C: columns, N: columns };
  expect(chosen(convForward as unknown as Kernel<ConvShape>, { ...shape, BIAS: 0 } as ConvShape)).toBe(
    forward,
  );
  expect(chosen(convDgrad, shape)).toBe(forward);
  const parts = { ...shape, PARTS: wgradParts(shape) };
  expect(chosen(convWgrad as unknown as Kernel<ConvShape>, parts)).toBe(wgrad);
});

test.each([
  // Two teams of four lanes hold 16 columns; wgrad has none, and of eight lanes a column of four each half would be idle.
  [16, 'shuffle', 'strip-12x16'],
  [20, 'strip-4x16', 'strip-12x16'],
  [24, 'shuffle', 'shuffle'],
  [64, 'shuffle', 'shuffle'],
])('of %d columns forward and dgrad take %s on lavapipe, wgrad %s', (columns, forward, wgrad) => {
  const shape = { ...vgg, C: columns, N: columns };
  const forwardShape = { ...shape, BIAS: 0 } as ConvShape;
  expect(chosen(convForward as unknown as Kernel<ConvShape>, forwardShape, lavapipe)).toBe(forward);
  expect(chosen(convDgrad, shape, lavapipe)).toBe(forward);
  const parts = { ...shape, PARTS: wgradParts(shape) };
  expect(chosen(convWgrad as unknown as Kernel<ConvShape>, parts, lavapipe)).toBe(wgrad);
});

test('a block of shuffles holds as much in one pass as in two, and no more than compiles in time', () => {
  const shape = { ...vgg, ...square(3, 1, 1), C: 64, BIAS: 1 } as const;
  const terms = (N: number) => {
    const { LOADS, PASSES } = shuffleForward().constants({ ...shape, N }) as Record<string, number>;
    return [4 * LOADS!, PASSES];
  };
  expect([terms(24), terms(32), terms(64)]).toEqual([
    [116, 1],
    [116, 1],
    [64, 2],
  ]);
  for (const C of [4, 16, 24, 48, 64, 256]) {
    for (const N of [4, 16, 24, 48, 64, 256]) {
      const all = { ...vgg, C, N, BIAS: 1, PARTS: 3 } as const;
      for (const variant of [shuffleForward(), shuffleDgrad(), shuffleWgrad()])
        expect(variant.unrolled!(all)).toBeLessThanOrEqual(traitsOf('cpu').mostUnrolled);
    }
  }
});

test.each([20, 100, 1024])(
  'a block of wgrad has few rows of small images in batches of %d: more take minutes to compile',
  (B) => {
    for (const size of [1, 3, 7]) {
      const shape = { ...vgg, B, H: size, W: size, C: 48, N: 48, ...square(3, 1, 1) };
      const { LINES } = stationaryWgrad().constants({ ...shape, PARTS: wgradParts(shape) });
      expect(LINES).toBeGreaterThan(8);
      expect(LINES).toBeLessThanOrEqual(16);
    }
  },
);

test.each([
  ['swiftshader', ['strip-4x16', 'strip-8x16', 'strip-8x32', 'stationary']],
  // A strip of 32 columns takes LLVM ten seconds, and a strip on a GPU 20 times as long as a tile.
  ['cpu', ['strip-4x16', 'strip-8x16']],
  ['nvidia', []],
] as const)('on %s a tuner tries beside tiles: %o', (kind, names) => {
  const capabilities = {
    ...swiftshader,
    ...traitsOf(kind),
    maxInvocationsPerWorkgroup: 1024,
    maxWorkgroupStorageSize: 65_536,
  };
  const inTheRunning = convDgrad.variants.filter(
    (variant) => hopelessness(variant, vgg, capabilities) === undefined,
  );
  expect(inTheRunning.map(({ name }) => name)).toEqual(['naive', 'tile-64', 'tile-32', ...names]);
});

describe('wgradParts', () => {
  test.each([
    [vgg, 50],
    [{ ...vgg, B: 1 }, 1],
    // 800 rows of 8 pixels: 12 parts of 67 would leave 4 of them empty.
    [{ ...vgg, H: 16, W: 16 }, 10],
    [{ ...vgg, B: 1024, H: 31, W: 31, ...square(3, 1, 1) }, 128],
    // Sums of 9,216 x 1,024: at most 512 MB of them.
    [{ ...vgg, B: 1024, H: 7, W: 7, C: 1024, N: 1024, ...square(3, 1, 1) }, 14],
  ] as const)('%o', (shape, parts) => {
    expect(wgradParts(shape)).toBe(parts);
    const rows = rowsOfPart({ ...shape, PARTS: parts });
    expect(rows * parts).toBeGreaterThanOrEqual(shape.B * outputSize(shape).P);
    expect(rows * (parts - 1)).toBeLessThan(shape.B * outputSize(shape).P);
  });
});
