/** Cases of a scale: one rounding of the product, one of the factor. */
import type { ScaleShape } from '../../kernels/scale.ts';
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

export const scaleCheck: OpCheck<ScaleShape> = {
  shapes: () => [4, 64, 252, 260].map((COUNT, i) => ({ COUNT, FACTOR: [1 / 9, -2, 0.3, 7][i]! })),
  build(build, { COUNT, FACTOR }) {
    const x = build.input('x', () => build.normals(COUNT));
    build.expect('y', (r) => {
      const values = Float64Array.from(x(r), (value) => FACTOR * value);
      return { values, bound: sumBound(values.map(Math.abs), 1) };
    });
  },
};
