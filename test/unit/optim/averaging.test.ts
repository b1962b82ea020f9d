import { expect, test } from 'vitest';
import { lookaheadKeeps } from '../../../src/optim/averaging.ts';

test('keeps more of the average from one to the next, and all of it in the last step', () => {
  const keeps = lookaheadKeeps(5, 12);
  const most = 0.95 ** 5;
  const expected = Array.from({ length: 12 }, () => -1);
  expected[4] = most * (5 / 12) ** 3;
  expected[9] = most * (10 / 12) ** 3;
  expected[11] = 1;
  expect([...keeps]).toEqual([...Float32Array.from(expected)]);
});

test('where the last step is one of the steps, the average still takes it in', () => {
  expect(lookaheadKeeps(4, 8)[7]).toBe(Math.fround(0.95 ** 4));
});

test('a run that ends before the first average has none: it keeps its own parameters', () => {
  expect([...lookaheadKeeps(5, 4)]).toEqual([-1, -1, -1, -1]);
  expect(lookaheadKeeps(5, 5)[4]).toBe(Math.fround(0.95 ** 5));
});
