import { describe, expect, test } from 'vitest';
import {
  type ConvShape,
  convolution,
  convolutionDgrad,
  convolutionWgrad,
} from '../../../src/reference/convolution.ts';

const shape: ConvShape = {
  B: 2,
  H: 5,
  W: 4,
  C: 2,
  N: 3,
  SIZE_Y: 3,
  SIZE_X: 2,
  STEP_Y: 2,
  STEP_X: 1,
  PAD_Y: 1,
  PAD_X: 0,
};
const numbers = (count: number, seed: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i * i));
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('convolution', () => {
  test('a filter of ones adds the pixels under it; outside the image they are 0', () => {
    const ones: ConvShape = { ...shape, B: 1, H: 3, W: 3, C: 1, N: 1, SIZE_X: 3, STEP_Y: 1, PAD_X: 1 };
    const x = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const y = convolution(x, new Float64Array(9).fill(1), Float64Array.of(100), ones);
    expect(Array.from(y)).toEqual([112, 121, 116, 127, 145, 133, 124, 139, 128]);
  });

  test('is a correlation: the first tap meets the first pixel', () => {
    const row: ConvShape = { ...shape, B: 1, H: 1, W: 3, C: 1, N: 1, SIZE_Y: 1, STEP_Y: 1, PAD_Y: 0 };
    expect(Array.from(convolution([1, 2, 4], [10, 1], null, row))).toEqual([12, 24]);
  });

  test('its gradients are its adjoints: <dy, conv(x, w)> = <dw, w> = <dx, x>', () => {
    const [x, w, dy] = [numbers(2 * 5 * 4 * 2, 1), numbers(3 * 2 * 2 * 3, 2), numbers(2 * 3 * 3 * 3, 3)];
    const forward = dot(dy, convolution(x, w, null, shape));
    expect(dot(convolutionWgrad(x, dy, shape), w)).toBeCloseTo(forward, 12);
    expect(dot(convolutionDgrad(dy, w, shape), x)).toBeCloseTo(forward, 12);
  });

  test('a part of wgrad has the pixels of its rows of y; parts behind the last row are 0', () => {
    const [x, dy] = [numbers(2 * 5 * 4 * 2, 1), numbers(2 * 3 * 3 * 3, 3)];
    // Six rows of three pixels and three filters, in twos.
    const size = 3 * 2 * 2 * 3;
    const parts = convolutionWgrad(x, dy, shape, { parts: 4, rows: 2 });
    for (let part = 0; part < 4; part++) {
      const own = dy.map((value, i) => (Math.floor(i / (2 * 3 * 3)) === part ? value : 0));
      expect(parts.subarray(part * size, (part + 1) * size)).toEqual(convolutionWgrad(x, own, shape));
    }
    expect(parts.subarray(3 * size).every((value) => value === 0)).toBe(true);
    expect(parts.subarray(0, size).every((value) => value !== 0)).toBe(true);
  });
});
