import { expect, test } from 'vitest';
import { erf, gelu, geluSlope } from '../../../src/reference/gelu.ts';

// Values of Abramowitz & Stegun, table 7.1, and of torch.nn.functional.gelu in float64.
test.each([
  [0, 0],
  [0.5, 0.5204998778130465],
  [-1, -0.8427007929497149],
  [2, 0.9953222650189527],
  [3.5, 0.9999992569016276],
  [7, 1],
])('erf(%d) = %d', (x, y) => expect(erf(x)).toBeCloseTo(y, 14));

test('gelu is x Phi(x)', () => {
  const y = gelu([-2, -0.5, 0, 1, 3]);
  const expected = [-0.04550026389635839, -0.15426876936299344, 0, 0.8413447460685429, 2.99595030590511];
  for (const [i, value] of expected.entries()) expect(y[i]).toBeCloseTo(value, 14);
});

test('its slope is its derivative', () => {
  for (const x of [-3, -0.7, 0, 0.2, 2]) {
    const [low, high] = gelu([x - 1e-5, x + 1e-5]);
    expect(geluSlope(x)).toBeCloseTo((high! - low!) / 2e-5, 9);
  }
});
