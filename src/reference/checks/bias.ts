/** Cases of the bias gradient: sums of M terms. */
import { absBiasGrad, biasGrad } from '../bias.ts';
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

export const biasGradientCheck: OpCheck<{ readonly M: number; readonly N: number }> = {
  shapes: () => [
    { M: 1, N: 1 },
    { M: 7, N: 5 },
    { M: 1, N: 17 },
    { M: 100, N: 52 },
    { M: 101, N: 8 },
    { M: 997, N: 3 },
  ],
  build(build, { M, N }) {
    const dy = build.input('dy', () => build.normals(M * N));
    build.expect('db', (r) => ({
      values: biasGrad(dy(r), M, N),
      bound: sumBound(absBiasGrad(dy(r), M, N), M),
    }));
  },
};
