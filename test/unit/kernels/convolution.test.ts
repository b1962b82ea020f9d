import { describe, expect, test } from 'vitest';
import {
  type ConvShape,
  outputSize,
  productSize,
  rowsOfPart,
  wgradParts,
  withoutOverlap,
} from '../../../src/kernels/convolution-shape.ts';
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

describe('wgradParts', () => {
  test.each([
    [vgg, 50],
    [{ ...vgg, B: 1 }, 1],
    // 800 rows of 8 pixels: 12 parts of 67 would leave 4 of them empty.
    [{ ...vgg, H: 16, W: 16 }, 10],
    [{ ...vgg, B: 1024, H: 31, W: 31, ...square(3, 1, 1) }, 128],
  ] as const)('%o', (shape, parts) => {
    expect(wgradParts(shape)).toBe(parts);
    const rows = rowsOfPart({ ...shape, PARTS: parts });
    expect(rows * parts).toBeGreaterThanOrEqual(shape.B * outputSize(shape).P);
    expect(rows * (parts - 1)).toBeLessThan(shape.B * outputSize(shape).P);
  });
});
