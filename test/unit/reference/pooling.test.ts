import { expect, test } from 'vitest';
import {
  averagePool,
  averagePoolBackward,
  maxPool,
  maxPoolBackward,
} from '../../../src/reference/pooling.ts';

const shape = { B: 1, H: 3, W: 5, C: 1, SIZE: 2, STEP: 2 };
const x = [1, 2, 5, 5, 9, 4, 3, 5, 0, 9, 9, 9, 9, 9, 9];

test('max-pool takes the first of equals and leaves pixels behind the last window out', () => {
  const { y, largest } = maxPool(x, shape);
  expect(Array.from(y)).toEqual([4, 5]);
  expect(Array.from(largest)).toEqual([2, 0]);
  expect(Array.from(maxPoolBackward([10, 20], largest, shape))).toEqual([
    0,
    0,
    20,
    0,
    0,
    10,
    ...new Array(9).fill(0),
  ]);
});

test('windows that overlap add their gradients', () => {
  const overlapping = { ...shape, H: 1, W: 3, SIZE: 1, STEP: 1 };
  expect(Array.from(maxPoolBackward([1, 2, 3], [0, 0, 0], overlapping))).toEqual([1, 2, 3]);
  const three = { B: 1, H: 3, W: 3, C: 1, SIZE: 2, STEP: 1 };
  const { largest } = maxPool([0, 0, 0, 0, 7, 0, 0, 0, 0], three);
  expect(Array.from(largest)).toEqual([3, 2, 1, 0]);
  expect(Array.from(maxPoolBackward([1, 2, 3, 4], largest, three))).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0]);
});

test('average-pool', () => {
  expect(Array.from(averagePool([1, 10, 3, 30], { B: 1, PIXELS: 2, C: 2 }))).toEqual([2, 20]);
  expect(Array.from(averagePoolBackward([2, 20], { B: 1, PIXELS: 2, C: 2 }))).toEqual([1, 10, 1, 10]);
});
