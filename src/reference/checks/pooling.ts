/** Cases of pooling: windows that overlap, touch and leave gaps, equal pixels, pixels behind the last window. */
import { type AveragePoolShape, type MaxPoolShape, pooledSize } from '../../kernels/pooling.ts';
import { averagePool, averagePoolBackward, maxPool, maxPoolBackward } from '../pooling.ts';
import { exact, sumBound, ulps } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

const shapes = (): readonly MaxPoolShape[] => [
  { B: 1, H: 1, W: 1, C: 4, SIZE: 1, STEP: 1 },
  { B: 3, H: 8, W: 8, C: 8, SIZE: 2, STEP: 2 },
  { B: 2, H: 7, W: 9, C: 12, SIZE: 2, STEP: 2 },
  { B: 2, H: 7, W: 11, C: 4, SIZE: 3, STEP: 2 },
  { B: 5, H: 3, W: 3, C: 20, SIZE: 3, STEP: 3 },
  { B: 1, H: 13, W: 10, C: 4, SIZE: 2, STEP: 3 },
  { B: 2, H: 5, W: 6, C: 8, SIZE: 4, STEP: 1 },
];

/** Numbers on a coarse grid, so that windows have equal pixels. */
const pixels = (build: CaseBuilder, { B, H, W, C }: MaxPoolShape) =>
  floats(B * H * W * C, () => Math.round(2 * build.normal()) / 2);

export const maxPoolForwardCheck: OpCheck<MaxPoolShape> = {
  shapes,
  build(build, shape) {
    const x = build.input('x', () => pixels(build, shape));
    build.expect('y', (r) => ({ values: maxPool(x(r), shape).y, bound: exact }));
    build.expect('largest', (r) => ({ values: maxPool(x(r), shape).largest, bound: exact }));
  },
};

/** dx: a sum of as many dy as windows may cover a pixel. */
export const maxPoolBackwardCheck: OpCheck<MaxPoolShape> = {
  shapes,
  build(build, shape) {
    const { P, Q } = pooledSize(shape);
    const dy = build.input('dy', () => build.normals(shape.B * P * Q * shape.C));
    const largest = build.input('largest', () => maxPool(pixels(build, shape), shape).largest.slice());
    const terms = Math.ceil(shape.SIZE / shape.STEP) ** 2;
    build.expect('dx', (r) => ({
      values: maxPoolBackward(dy(r), largest(r), shape),
      bound: terms === 1 ? exact : sumBound(maxPoolBackward(dy(r).map(Math.abs), largest(r), shape), terms),
    }));
  },
};

const averages = (): readonly AveragePoolShape[] => [
  { B: 1, PIXELS: 1, C: 4 },
  { B: 7, PIXELS: 9, C: 12 },
  { B: 33, PIXELS: 64, C: 8 },
  { B: 5, PIXELS: 49, C: 20 },
];

/** A sum of PIXELS terms, and a division (2.5 ULP). */
export const averagePoolForwardCheck: OpCheck<AveragePoolShape> = {
  shapes: averages,
  build(build, shape) {
    const x = build.input('x', () => build.normals(shape.B * shape.PIXELS * shape.C));
    build.expect('y', (r) => ({
      values: averagePool(x(r), shape),
      bound: sumBound(averagePool(x(r).map(Math.abs), shape), shape.PIXELS + 1),
    }));
  },
};

/** A division: 2.5 ULP. */
export const averagePoolBackwardCheck: OpCheck<AveragePoolShape> = {
  shapes: averages,
  build(build, shape) {
    const dy = build.input('dy', () => build.normals(shape.B * shape.C));
    build.expect('dx', (r) => {
      const values = averagePoolBackward(dy(r), shape);
      return { values, bound: ulps(values, 2.5) };
    });
  },
};
