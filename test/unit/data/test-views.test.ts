import { expect, test } from 'vitest';
import { decodeSample } from '../../../src/data/sample-order.ts';
import { testViewKinds, viewSamples, viewsOf } from '../../../src/data/test-views.ts';

test.each(testViewKinds)('%s: weights add up to 1, every view with its mirror image', (kind) => {
  const views = viewsOf(kind);
  expect(views.reduce((sum, { weight }) => sum + weight, 0)).toBe(1);
  expect(views.filter(({ flip }) => flip)).toHaveLength(views.length / 2);
});

test('view by view in each batch, the last batch filled up', () => {
  const samples = viewSamples({ firstImage: 10, count: 5 }, viewsOf('flip'), 3);
  const decoded = Array.from(samples, decodeSample);
  expect(decoded.map(({ image }) => image)).toEqual([10, 11, 12, 10, 11, 12, 13, 14, 14, 13, 14, 14]);
  expect(decoded.map(({ flip }) => flip)).toEqual(
    [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1].map((flip) => flip === 1),
  );
});

test('moved up and left, and down and right', () => {
  const samples = viewSamples({ firstImage: 0, count: 1 }, viewsOf('shift'), 1);
  const decoded = Array.from(samples, decodeSample);
  expect(decoded.map(({ cropDx, cropDy }) => [cropDx, cropDy])).toEqual(
    [0, 0, -1, -1, 1, 1].map((shift) => [shift, shift]),
  );
});

test('images as they are: one after another', () => {
  const plain = [{ flip: false, shift: 0, weight: 1 }];
  expect([...viewSamples({ firstImage: 2, count: 3 }, plain, 2)]).toEqual([2, 3, 4, 4]);
});
