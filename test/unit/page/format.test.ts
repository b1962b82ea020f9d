import { expect, test } from 'vitest';
import { loss, rate, rateTick, shortTime } from '../../../src/page/format.ts';

test.each([
  [0, '0'],
  [0.005, '0.005'],
  [0.1 + 0.2, '0.3'],
  [0.0002, '2e-4'],
  [0.00001, '1e-5'],
  [2, '2'],
  [50_000, '50000'],
  [3e8, '3e8'],
])('%d on an axis of rates: %s', (value, text) => {
  expect(rateTick(value)).toBe(text);
});

test.each([
  [0.02313, '0.0231'],
  [1e-5, '1.00e-5'],
  [1e9, '1.00e+9'],
])('a rate of %d: %s', (value, text) => {
  expect(rate(value)).toBe(text);
});

test.each([
  [812, '0.812 µs'],
  [85_240, '85.2 µs'],
  [999_600, '1.00 ms'],
  [6_900_000, '6.90 ms'],
  [1.25e9, '1.25 s'],
])('%d ns: %s', (ns, text) => {
  expect(shortTime(ns)).toBe(text);
});

test.each([
  [Math.LN10, '2.303'],
  [999.9, '999.900'],
  [1234.5, '1.23e3'],
  [1.5e21, '1.50e21'],
  [3.4e38, '3.40e38'],
])('a loss of %d: %s, which an axis has room for', (value, text) => {
  expect(loss(value)).toBe(text);
  expect(text.length).toBeLessThanOrEqual(7);
});
