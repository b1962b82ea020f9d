import { expect, test } from 'vitest';
import { rateTick } from '../../../src/page/format.ts';

test.each([
  [0, '0'],
  [0.005, '0.005'],
  [0.1 + 0.2, '0.3'],
  [0.0002, '2e-4'],
  [0.00001, '1e-5'],
  [2, '2'],
])('%d on an axis of rates: %s', (value, text) => {
  expect(rateTick(value)).toBe(text);
});
