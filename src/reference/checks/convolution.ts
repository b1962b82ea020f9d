/** Cases of the convolutions; the bounds are those of sums (`sumBound`). */
import {
  type ConvForwardShape,
  type ConvShape,
  type ConvWgradShape,
  outputSize,
  productSize,
  rowsOfPart,
} from '../../kernels/convolution-shape.ts';
import {
  absConvolution,
  absConvolutionDgrad,
  absConvolutionWgrad,
  convolution,
  convolutionDgrad,
  convolutionWgrad,
} from '../convolution.ts';
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

const square = (size: number, step: number, pad: number) => ({
  SIZE_Y: size,
  SIZE_X: size,
  STEP_Y: step,
  STEP_X: step,
  PAD_Y: pad,
  PAD_X: pad,
});

/**
 * One pixel; odd channels for naive variants; multiples of 4, filled and overhanging tiles; every pair of sizes and steps that the nets have, and steps
 * beyond the size; padding of a whole filter; more channels and filters than any block holds; filters as large as the image; pixels that no filter reaches; oblong images and filters.
 */
const shapes: readonly ConvShape[] = [
  { B: 1, H: 1, W: 1, C: 1, N: 1, ...square(1, 1, 0) },
  { B: 2, H: 5, W: 7, C: 3, N: 5, ...square(3, 1, 1) },
  { B: 1, H: 9, W: 8, C: 3, N: 2, ...square(3, 2, 0) },
  { B: 3, H: 7, W: 7, C: 4, N: 4, ...square(3, 1, 1) },
  { B: 2, H: 8, W: 10, C: 8, N: 12, ...square(3, 2, 1) },
  { B: 2, H: 6, W: 11, C: 4, N: 36, ...square(2, 1, 0) },
  { B: 1, H: 3, W: 3, C: 20, N: 24, ...square(3, 1, 1) },
  { B: 2, H: 9, W: 17, C: 12, N: 8, ...square(2, 3, 0) },
  { B: 1, H: 11, W: 13, C: 4, N: 20, ...square(5, 3, 2) },
  { B: 1, H: 6, W: 5, C: 8, N: 4, ...square(3, 1, 3) },
  { B: 3, H: 8, W: 1, C: 32, N: 8, ...square(1, 1, 0), SIZE_Y: 4, STEP_Y: 4 },
  { B: 2, H: 4, W: 19, C: 4, N: 40, ...square(7, 2, 3), SIZE_Y: 1, PAD_Y: 0 },
  { B: 5, H: 16, W: 16, C: 4, N: 16, ...square(3, 1, 1) },
  { B: 3, H: 6, W: 9, C: 4, N: 48, ...square(3, 1, 1) },
  { B: 1, H: 3, W: 4, C: 72, N: 68, ...square(2, 1, 1) },
];

const sizes = (shape: ConvShape) => {
  const { B, H, W, C } = shape;
  const { M, N, K } = productSize(shape);
  return { x: B * H * W * C, w: K * N, y: M * N };
};

/** y: SIZE_Y·SIZE_X·C products and the bias. */
export const convForwardCheck: OpCheck<ConvForwardShape> = {
  shapes: () => shapes.map((shape, i) => ({ ...shape, BIAS: i % 4 === 3 ? 0 : 1 })),
  build(build, shape) {
    const size = sizes(shape);
    const x = build.input('x', () => build.normals(size.x));
    const w = build.input('w', () => build.normals(size.w));
    const bias = build.input('bias', () => build.normals(shape.N));
    const terms = productSize(shape).K + 1;
    build.expect('y', (r) => {
      const offset = shape.BIAS === 1 ? bias(r) : null;
      const abs = absConvolution(x(r), w(r), offset, shape);
      return { values: convolution(x(r), w(r), offset, shape), bound: sumBound(abs, terms) };
    });
  },
};

/** Parts of dw: the products of their rows of y; parts beyond the last row are 0. */
export const convWgradCheck: OpCheck<ConvWgradShape> = {
  shapes: () => shapes.map((shape, i) => ({ ...shape, PARTS: [1, 3, 2, 7, 4][i % 5]! })),
  build(build, shape) {
    const size = sizes(shape);
    const { P, Q } = outputSize(shape);
    const x = build.input('x', () => build.normals(size.x));
    const dy = build.input('dy', () => build.normals(size.y));
    const parts = { parts: shape.PARTS, rows: rowsOfPart(shape) };
    build.expect('partial', (r) => {
      const abs = absConvolutionWgrad(x(r), dy(r), shape, parts);
      const bound = sumBound(abs, Math.min(parts.rows, shape.B * P) * Q);
      return { values: convolutionWgrad(x(r), dy(r), shape, parts), bound };
    });
  },
};

/** dx: at most SIZE_Y·SIZE_X·N products. */
export const convDgradCheck: OpCheck<ConvShape> = {
  shapes: () => shapes,
  build(build, shape) {
    const size = sizes(shape);
    const dy = build.input('dy', () => build.normals(size.y));
    const w = build.input('w', () => build.normals(size.w));
    const terms = shape.SIZE_Y * shape.SIZE_X * shape.N;
    build.expect('dx', (r) => ({
      values: convolutionDgrad(dy(r), w(r), shape),
      bound: sumBound(absConvolutionDgrad(dy(r), w(r), shape), terms),
    }));
  },
};
