/** Cases of the matrix products; the bounds are those of sums (`sumBound`). */
import { type MatmulShape, type SplitMatmulShape, splitK } from '../../kernels/matmul-shape.ts';
import { absMatmul, absMatmulDgrad, absMatmulWgrad, matmul, matmulDgrad, matmulWgrad } from '../matmul.ts';
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

/**
 * 1, primes and odd sizes for naive variants; N and K that are multiples of 4, with any M, for those that want multiples of 4; a long
 * K; columns that are multiples of 64 for stationary ones, with several blocks of columns, terms and rows.
 */
const shapes: readonly MatmulShape[] = [
  { M: 1, N: 1, K: 1 },
  { M: 7, N: 5, K: 3 },
  { M: 17, N: 33, K: 65 },
  { M: 1, N: 52, K: 4 },
  { M: 7, N: 12, K: 20 },
  { M: 101, N: 68, K: 12 },
  { M: 13, N: 56, K: 52 },
  { M: 37, N: 20, K: 3072 },
  { M: 5, N: 52, K: 1024 },
  { M: 8, N: 64, K: 64 },
  { M: 12, N: 128, K: 68 },
  { M: 264, N: 64, K: 20 },
  { M: 20, N: 64, K: 264 },
  { M: 130, N: 132, K: 132 },
];

/** y = x·w + bias: K products and the bias. */
export const matmulForwardCheck: OpCheck<MatmulShape> = {
  shapes: () => shapes,
  build(build, shape) {
    const { M, N, K } = shape;
    const x = build.input('x', () => build.normals(M * K));
    const w = build.input('w', () => build.normals(K * N));
    const bias = build.input('bias', () => build.normals(N));
    build.expect('y', (r) => ({
      values: matmul(x(r), w(r), bias(r), shape),
      bound: sumBound(absMatmul(x(r), w(r), bias(r), shape), K + 1),
    }));
  },
};

/** y (SPLITS, M, N): the product over each part of K; parts beyond its end are 0. */
export const matmulForwardSplitCheck: OpCheck<SplitMatmulShape> = {
  shapes: () => [
    { M: 1, N: 1, K: 1, SPLITS: 2 },
    { M: 17, N: 33, K: 65, SPLITS: 3 },
    { M: 7, N: 12, K: 20, SPLITS: 7 },
    { M: 101, N: 68, K: 12, SPLITS: 1 },
    { M: 13, N: 56, K: 52, SPLITS: 7 },
    { M: 5, N: 52, K: 3072, SPLITS: 5 },
  ],
  build(build, shape) {
    const { M, N, K, SPLITS } = shape;
    const x = build.input('x', () => build.normals(M * K));
    const w = build.input('w', () => build.normals(K * N));
    const part = splitK(shape);
    build.expect('y', (r) => {
      const values = new Float64Array(SPLITS * M * N);
      const bound = new Float64Array(SPLITS * M * N);
      for (let split = 0; split < SPLITS; split++) {
        const from = Math.min(split * part, K);
        const to = Math.min(from + part, K);
        const xPart = new Float64Array(M * (to - from));
        for (let m = 0; m < M; m++) xPart.set(x(r).subarray(m * K + from, m * K + to), m * (to - from));
        const wPart = w(r).subarray(from * N, to * N);
        const partShape = { M, N, K: to - from };
        values.set(matmul(xPart, wPart, null, partShape), split * M * N);
        bound.set(sumBound(absMatmul(xPart, wPart, null, partShape), to - from), split * M * N);
      }
      return { values, bound };
    });
  },
};

/** y = sum of the partial products and the bias. */
export const splitSumCheck: OpCheck<{ readonly M: number; readonly N: number; readonly SPLITS: number }> = {
  shapes: () => [
    { M: 1, N: 1, SPLITS: 2 },
    { M: 1, N: 4, SPLITS: 1 },
    { M: 7, N: 12, SPLITS: 2 },
    { M: 37, N: 52, SPLITS: 7 },
    { M: 101, N: 20, SPLITS: 3 },
    { M: 64, N: 4, SPLITS: 5 },
  ],
  build(build, { M, N, SPLITS }) {
    const partial = build.input('partial', () => build.normals(SPLITS * M * N));
    const bias = build.input('bias', () => build.normals(N));
    const sum = (r: number, map: (value: number) => number) =>
      Float64Array.from({ length: M * N }, (_, i) => {
        let total = map(bias(r)[i % N]!);
        for (let split = 0; split < SPLITS; split++) total += map(partial(r)[split * M * N + i]!);
        return total;
      });
    build.expect('y', (r) => ({
      values: sum(r, (value) => value),
      bound: sumBound(sum(r, Math.abs), SPLITS + 1),
    }));
  },
};

/** dw = xᵀ·dy: M products. */
export const matmulWgradCheck: OpCheck<MatmulShape> = {
  shapes: () => shapes,
  build(build, shape) {
    const { M, N, K } = shape;
    const x = build.input('x', () => build.normals(M * K));
    const dy = build.input('dy', () => build.normals(M * N));
    build.expect('dw', (r) => ({
      values: matmulWgrad(x(r), dy(r), shape),
      bound: sumBound(absMatmulWgrad(x(r), dy(r), shape), M),
    }));
  },
};

/** dx = dy·wᵀ: N products. */
export const matmulDgradCheck: OpCheck<MatmulShape> = {
  shapes: () => [
    ...shapes.slice(0, 3),
    { M: 1, N: 4, K: 52 },
    { M: 7, N: 12, K: 20 },
    { M: 101, N: 20, K: 68 },
    { M: 37, N: 100, K: 56 },
    { M: 8, N: 64, K: 64 },
    { M: 12, N: 68, K: 128 },
    { M: 264, N: 20, K: 64 },
    { M: 130, N: 36, K: 132 },
  ],
  build(build, shape) {
    const { M, N, K } = shape;
    const dy = build.input('dy', () => build.normals(M * N));
    const w = build.input('w', () => build.normals(K * N));
    build.expect('dx', (r) => ({
      values: matmulDgrad(dy(r), w(r), shape),
      bound: sumBound(absMatmulDgrad(dy(r), w(r), shape), N),
    }));
  },
};
