import { expect, test } from 'vitest';
import type { NamedTensor } from '../../../src/nn/parameters.ts';
import { firstLayerPictures } from '../../../src/page/engine/weight-pictures.ts';

const image = { channels: 3, height: 4, width: 4 };
const tensor = (name: string, shape: readonly number[], value: (i: number) => number): NamedTensor => ({
  name,
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});
/** Red of each pixel of a picture. */
const red = (pixels: Uint8ClampedArray, picture = 0) =>
  Array.from({ length: 16 }, (_, i) => pixels[4 * (16 * picture + i)]);

test('a unit of a matrix product is a picture of the image’s size, scaled to its largest weight', () => {
  const state = [tensor('layers.0.linear.weight', [2, 48], (i) => (i === 5 ? 2 : i === 6 ? -2 : 0))];
  const { count, pixels } = firstLayerPictures(state, image)!;
  expect(count).toBe(2);
  expect(red(pixels)).toEqual([128, 128, 128, 128, 128, 255, 0, ...new Array(9).fill(128)]);
  expect(pixels[3]).toBe(255);
});

test('a filter of a convolution is one of large pixels', () => {
  const state = [
    tensor('layers.0.conv.bias', [2], () => 0),
    // The second filter: red 1, -1, 0, 1 in reading order, green and blue 0.
    tensor('layers.0.conv.weight', [2, 3, 2, 2], (i) => [1, -1, 0, 1][i - 12] ?? 0),
    tensor('layers.2.linear.weight', [2, 48], () => 1),
  ];
  const { count, pixels } = firstLayerPictures(state, image)!;
  expect(count).toBe(2);
  const [high, low, none] = [255, 0, 128];
  expect(red(pixels, 1)).toEqual([
    high,
    high,
    low,
    low,
    high,
    high,
    low,
    low,
    none,
    none,
    high,
    high,
    none,
    none,
    high,
    high,
  ]);
  expect(pixels[4 * 16 + 1]).toBe(none);
});

test.each([
  ['of single pixels', [8, 3, 1, 1]],
  ['of other channels', [8, 4, 2, 2]],
  ['of a product of something else', [8, 40]],
])('weights %s have no picture', (_, shape) => {
  expect(firstLayerPictures([tensor('a', shape, () => 1)], image)).toBeUndefined();
});
