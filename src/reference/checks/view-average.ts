/** Cases of the average over views: one view, and several of different weights. */
import type { ViewAverageShape } from '../../kernels/view-average.ts';
import { sumBound } from '../tolerance.ts';
import { floats, type OpCheck } from './case.ts';

export const viewAverageCheck: OpCheck<ViewAverageShape> = {
  shapes: () => [
    { M: 1, LD: 4, VIEWS: 1 },
    { M: 5, LD: 12, VIEWS: 2 },
    { M: 37, LD: 12, VIEWS: 6 },
  ],
  build(build, { M, LD, VIEWS }) {
    const logits = build.input('logits', () => build.normals(VIEWS * M * LD));
    const weights = build.sharedInput('weights', () => floats(VIEWS, () => build.uniform()))(0);
    build.expect('mean', (r) => {
      const sumOf = (map: (value: number) => number) =>
        Float64Array.from({ length: M * LD }, (_, i) =>
          weights.reduce((sum, weight, v) => sum + map(weight * logits(r)[v * M * LD + i]!), 0),
        );
      return { values: sumOf((value) => value), bound: sumBound(sumOf(Math.abs), VIEWS) };
    });
  },
};
