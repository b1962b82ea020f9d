import { expect, test } from 'vitest';
import { distinctStyles } from '../../../src/page/views/runs/run-styles.ts';

const stylesOf = (...styles: readonly number[]) => [
  ...distinctStyles(styles.map((style, i) => ({ id: `run ${i}`, style }))).values(),
];

test('runs in one chart have styles of their own, and those that came first keep theirs', () => {
  expect(stylesOf(3, 0, 5)).toEqual([3, 0, 5]);
  expect(stylesOf(3, 3, 0, 0)).toEqual([3, 0, 1, 2]);
  expect(new Set(stylesOf(7, 7, 7, 7, 7, 7, 7, 7)).size).toBe(8);
  // Of a file from elsewhere.
  expect(stylesOf(1, 9)).toEqual([1, 0]);
});
