/** The assertion of these tests: `compare` with its message. */
import { expect } from 'vitest';
import type { Numbers } from '../../../src/reference/numbers.ts';
import { compare, describeComparison } from '../../../src/reference/tolerance.ts';

/** Fails unless |actual - expected| <= relative * |expected| + absolute for every element. */
export function expectClose(actual: Numbers, expected: Numbers, relative = 1e-14, absolute = 1e-15): void {
  const bound = Float64Array.from(expected, (value) => relative * Math.abs(value) + absolute);
  const comparison = compare(actual, expected, bound);
  expect(comparison.ok, describeComparison(comparison)).toBe(true);
}
