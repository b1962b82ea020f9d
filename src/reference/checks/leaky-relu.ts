/** Cases of leaky ReLU: one rounding of the product, one of the slope. */
import type { LeakyReluShape } from '../../kernels/leaky-relu.ts';
import { leakyRelu, leakyReluBackward } from '../leaky-relu.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

const shapes = (): readonly LeakyReluShape[] =>
  [4, 64, 252, 260].map((COUNT, i) => ({ COUNT, SLOPE: [0.01, 0.3, 0, 1][i]! }));

/** Normal numbers, among them 0 and -0. */
const inputs = (build: CaseBuilder, count: number) =>
  floats(count, () => [0, -0][build.below(16)] ?? build.normal());

export const leakyReluForwardCheck: OpCheck<LeakyReluShape> = {
  shapes,
  build(build, { COUNT, SLOPE }) {
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('y', (r) => {
      const values = leakyRelu(x(r), SLOPE);
      return { values, bound: sumBound(values.map(Math.abs), 1) };
    });
  },
};

export const leakyReluBackwardCheck: OpCheck<LeakyReluShape> = {
  shapes,
  build(build, { COUNT, SLOPE }) {
    const dy = build.input('dy', () => build.normals(COUNT));
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('dx', (r) => {
      const values = leakyReluBackward(dy(r), x(r), SLOPE);
      return { values, bound: sumBound(values.map(Math.abs), 1) };
    });
  },
};
