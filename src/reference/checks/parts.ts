/** Cases of reductions in parts: parts of one row, parts that are not full, more parts than rows, more parts than a tree has lanes. */
import type { PartsShape } from '../../kernels/parts.ts';
import { rowsPerPart } from '../../kernels/parts.ts';
import { absBiasGrad, biasGrad } from '../bias.ts';
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

export const partsShapes: readonly PartsShape[] = [
  { M: 1, N: 4, PARTS: 1 },
  { M: 7, N: 12, PARTS: 3 },
  { M: 5, N: 4, PARTS: 4 },
  { M: 101, N: 20, PARTS: 7 },
  { M: 257, N: 52, PARTS: 4 },
  { M: 603, N: 68, PARTS: 41 },
  { M: 1031, N: 16, PARTS: 2 },
];

/** sum(COUNT): PARTS terms each. */
export const partSumCheck: OpCheck<{ readonly COUNT: number; readonly PARTS: number }> = {
  shapes: () => [
    { COUNT: 4, PARTS: 1 },
    { COUNT: 12, PARTS: 7 },
    { COUNT: 260, PARTS: 2 },
    { COUNT: 516, PARTS: 64 },
  ],
  build(build, { COUNT, PARTS }) {
    const partial = build.input('partial', () => build.normals(COUNT * PARTS));
    build.expect('sum', (r) => ({
      values: biasGrad(partial(r), PARTS, COUNT),
      bound: sumBound(absBiasGrad(partial(r), PARTS, COUNT), PARTS),
    }));
  },
};

/** partial(PARTS, N): sums of a part's rows; 0 where there are none. */
export const biasGradientPartsCheck: OpCheck<PartsShape> = {
  shapes: () => partsShapes,
  build(build, shape) {
    const { M, N, PARTS } = shape;
    const dy = build.input('dy', () => build.normals(M * N));
    const rows = rowsPerPart(shape);
    build.expect('partial', (r) => {
      const sums = (sum: typeof biasGrad) =>
        Array.from({ length: PARTS }, (_, part) => {
          const [from, to] = [Math.min(part * rows, M), Math.min((part + 1) * rows, M)];
          return Array.from(sum(dy(r).subarray(from * N, to * N), to - from, N));
        }).flat();
      return { values: Float64Array.from(sums(biasGrad)), bound: sumBound(sums(absBiasGrad), rows) };
    });
  },
};
