/**
 * Cases of GELU: from far below 0, where Phi vanishes, to far above.
 *
 * Bound: Abramowitz & Stegun's error function errs by at most 1.5e-7 (7.1.26), Phi by half of that, to which float32 adds a few units of 2^-24 at its
 * largest value; x times that is under `geluError` wherever Phi is neither 0 nor 1 in float32. What is promised is 1e-6 in all, and 4 ULP of x.
 */
import type { ElementwiseShape } from '../../kernels/elementwise.ts';
import { gelu, geluBackward } from '../gelu.ts';
import { ulp } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

/** Largest error of GELU and of its slope, beside ULPs of large results. */
export const geluError = 1e-6;

const shapes = (): readonly ElementwiseShape[] => [4, 8, 64, 252, 256, 260, 1000].map((COUNT) => ({ COUNT }));

/** Normal numbers of several scales, among them 0, -0, large ones and the smallest normal ones. */
function inputs(build: CaseBuilder, count: number) {
  const special = [0, -0, 2 ** -126, -(2 ** -126), 40, -40, 9, -9];
  return floats(count, () => special[build.below(24)] ?? build.normal(0, 2));
}

export const geluForwardCheck: OpCheck<ElementwiseShape> = {
  shapes,
  build(build, { COUNT }) {
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('y', (r) => {
      const values = gelu(x(r));
      return { values, bound: values.map((value) => geluError + 4 * ulp(value)) };
    });
  },
};

export const geluBackwardCheck: OpCheck<ElementwiseShape> = {
  shapes,
  build(build, { COUNT }) {
    const dy = build.input('dy', () => build.normals(COUNT));
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('dx', (r) => ({
      values: geluBackward(dy(r), x(r)),
      bound: Float64Array.from(dy(r), (value) => Math.abs(value) * geluError + 4 * ulp(value)),
    }));
  },
};
