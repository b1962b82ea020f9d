// The three matrix products of a linear layer, x(M,K), w(K,N), y(M,N), row-major f32:
//   matmul-forward   y = x·w + bias       matmul-wgrad   dw = xᵀ·dy       matmul-dgrad   dx = dy·wᵀ
// and the two halves of a split-K forward: matmul-forward-split (partial sums) and split-sum.
import { defineKernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import {
  dgradBlocks,
  forwardBlocks,
  preferredBlocks,
  smallForwardBlocks,
  wgradBlocks,
} from './matmul-block.ts';
import { cost, fits, type MatmulShape, type SplitMatmulShape, sizes, splitK } from './matmul-shape.ts';
import { shuffleVariant } from './matmul-shuffle.ts';
import { stationaryVariant } from './matmul-stationary.ts';
import { shader } from './shader.ts';

export type { MatmulShape, SplitMatmulShape } from './matmul-shape.ts';

const { ceil } = Math;

/** Does a tile of `columns` columns repay the time in which its unrolled code is fetched? A short one always does. */
const repays =
  (columns: number) =>
  ({ N, K }: MatmulShape): boolean =>
    columns <= 16 || N * K >= 2 ** 15;

/** Times four k in a round of the loop. What it carries is copied in every round (docs/kernels.md); a long loop repays twice the code. */
const roundsOf = ({ K }: MatmulShape): number => (K >= 1024 && K % 8 === 0 ? 2 : 1);

function forwardQuadVariant(rows: number, cols: number): Variant<MatmulShape> {
  return {
    name: `quad-${rows}x${4 * cols}`,
    source: shader('matmul-forward/quad'),
    subgroups: true,
    flags: () => ({ BIAS: true }),
    refuses: fits(4 * cols, 'N'),
    pays: repays(4 * cols),
    unrolled: (shape) => 16 * rows * cols * roundsOf(shape),
    constants: (shape) => ({
      ...sizes(shape),
      ROWS: rows,
      COLS: cols,
      ROUND: roundsOf(shape),
      ROW_TILES: ceil(shape.M / (4 * rows)),
      SPLIT_K: shape.K,
    }),
    grid: ({ M, N }) => [ceil(N / (4 * cols)), ceil(M / (4 * rows))],
  };
}

/** The same tile on a part of K. */
function split(variant: Variant<MatmulShape>): Variant<SplitMatmulShape> {
  return {
    ...variant,
    ...(variant.unrolled && { unrolled: (shape: MatmulShape) => variant.unrolled!({ ...shape, K: 1 }) }),
    flags: () => ({ BIAS: false }),
    constants: (shape) => {
      // One round of four k: parts are multiples of 4, not of 8.
      const { ROUND, ...constants } = variant.constants(shape);
      return { ...constants, SPLIT_K: splitK(shape) };
    },
    grid: (shape) => {
      const [x, y] = variant.grid(shape);
      return [x, y * shape.SPLITS];
    },
  };
}

const forwardNaiveVariant: Variant<MatmulShape> = {
  name: 'naive',
  source: shader('matmul-forward/naive'),
  flags: () => ({ BIAS: true }),
  constants: (shape) => ({ ...sizes(shape), ROW_TILES: ceil(shape.M / 8), SPLIT_K: shape.K }),
  grid: ({ M, N }) => [ceil(N / 8), ceil(M / 8)],
};

function forwardRegisterVariant(rows: number): Variant<MatmulShape> {
  return {
    name: `register-${rows}x4`,
    source: shader('matmul-forward/register'),
    flags: () => ({ BIAS: true }),
    refuses: fits(4, 'N'),
    unrolled: () => 16 * rows,
    constants: (shape) => ({
      ...sizes(shape),
      ROWS: rows,
      ROW_TILES: ceil(shape.M / (4 * rows)),
      SPLIT_K: shape.K,
    }),
    grid: ({ M, N }) => [ceil(N / 16), ceil(M / (4 * rows))],
  };
}

/** Those that a split-K product has too. */
const forwardVariants: readonly Variant<MatmulShape>[] = [
  forwardNaiveVariant,
  forwardRegisterVariant(5),
  forwardQuadVariant(5, 3),
  forwardQuadVariant(4, 4),
  forwardQuadVariant(13, 7),
];

export const matmulForward = defineKernel({
  op: 'matmul-forward',
  bindings: [read('x'), read('w'), readWrite('y'), read('bias')],
  cost,
  variants: [
    ...forwardVariants,
    ...forwardBlocks,
    forwardQuadVariant(13, 13),
    stationaryVariant('matmul-forward'),
    shuffleVariant('matmul-forward'),
  ],
  preferred: {
    swiftshader: ['stationary-64x64', 'quad-13x28', 'quad-5x12', 'register-5x4'],
    cpu: ['shuffle-64x64', 'quad-5x12', 'register-5x4'],
    ...preferredBlocks,
  },
});

export const matmulForwardSplit = defineKernel({
  op: 'matmul-forward-split',
  bindings: [read('x'), read('w'), readWrite('y')],
  cost: ({ M, N, K, SPLITS }: SplitMatmulShape) => ({
    flops: 2 * M * N * K,
    bytes: 4 * (M * K + K * N + SPLITS * M * N),
  }),
  variants: [...forwardVariants, ...smallForwardBlocks].map(split),
  preferred: {
    swiftshader: ['quad-13x28', 'quad-5x12', 'register-5x4'],
    cpu: ['quad-5x12', 'register-5x4'],
    gpu: ['block-32x32x16-4x4'],
  },
});

export const splitSum = defineKernel({
  op: 'split-sum',
  bindings: [read('partial'), read('bias'), readWrite('y')],
  cost: ({ M, N, SPLITS }: { readonly M: number; readonly N: number; readonly SPLITS: number }) => ({
    flops: M * N * SPLITS,
    bytes: 4 * M * N * (SPLITS + 1),
  }),
  variants: [
    {
      name: 'naive',
      source: shader('split-sum/naive'),
      refuses: wantsMultiplesOf4('N'),
      constants: ({ M, N, SPLITS }) => ({ M, N, SPLITS }),
      grid: ({ M, N }) => [ceil((M * N) / 4 / 64), 1],
    },
  ],
});

function wgradQuadVariant(vecs: number, cols: number): Variant<MatmulShape> {
  return {
    name: `quad-${4 * vecs}x${4 * cols}`,
    source: shader('matmul-wgrad/quad'),
    subgroups: true,
    refuses: fits(4 * cols, 'N'),
    pays: repays(4 * cols),
    unrolled: () => 64 * vecs * cols,
    constants: (shape) => ({ ...sizes(shape), VECS: vecs, ROWS: 4 * vecs, COLS: cols }),
    grid: ({ N, K }) => [ceil(N / (4 * cols)), ceil(K / (16 * vecs))],
  };
}

export const matmulWgrad = defineKernel({
  op: 'matmul-wgrad',
  bindings: [read('x'), read('dy'), readWrite('dw')],
  cost,
  variants: [
    {
      name: 'naive',
      source: shader('matmul-wgrad/naive'),
      constants: sizes,
      grid: ({ N, K }) => [ceil(N / 8), ceil(K / 8)],
    },
    ...wgradBlocks,
    {
      name: 'register-4x16',
      source: shader('matmul-wgrad/register'),
      refuses: fits(4, 'N'),
      unrolled: () => 256,
      constants: (shape) => ({ ...sizes(shape), COLS: 4 }),
      grid: ({ N, K }) => [ceil(N / 64), ceil(K / 16)],
    },
    wgradQuadVariant(1, 3),
    wgradQuadVariant(2, 3),
    wgradQuadVariant(3, 13),
    stationaryVariant('matmul-wgrad'),
    shuffleVariant('matmul-wgrad'),
  ],
  preferred: {
    swiftshader: ['stationary-64x64', 'quad-12x52', 'quad-4x12', 'register-4x16'],
    cpu: ['shuffle-64x64', 'quad-4x12', 'register-4x16'],
    ...preferredBlocks,
  },
});

function dgradQuadVariant(rows: number, cols: number): Variant<MatmulShape> {
  return {
    name: `quad-${rows}x${4 * cols}`,
    source: shader('matmul-dgrad/quad'),
    subgroups: true,
    refuses: fits(4 * cols, 'K'),
    pays: repays(4 * cols),
    unrolled: () => 16 * rows * cols,
    constants: (shape) => ({ ...sizes(shape), ROWS: rows, COLS: cols }),
    grid: ({ M, K }) => [ceil(K / (4 * cols)), ceil(M / (4 * rows))],
  };
}

export const matmulDgrad = defineKernel({
  op: 'matmul-dgrad',
  bindings: [read('dy'), read('w'), readWrite('dx')],
  cost,
  variants: [
    {
      name: 'naive',
      source: shader('matmul-dgrad/naive'),
      constants: sizes,
      grid: ({ M, K }) => [ceil(K / 8), ceil(M / 8)],
    },
    ...dgradBlocks,
    {
      name: 'register-5x4',
      source: shader('matmul-dgrad/register'),
      refuses: fits(4, 'K'),
      unrolled: () => 80,
      constants: (shape) => ({ ...sizes(shape), ROWS: 5 }),
      grid: ({ M, K }) => [ceil(K / 16), ceil(M / 20)],
    },
    dgradQuadVariant(5, 3),
    dgradQuadVariant(4, 4),
    dgradQuadVariant(13, 4),
    stationaryVariant('matmul-dgrad'),
    shuffleVariant('matmul-dgrad'),
  ],
  preferred: {
    swiftshader: ['stationary-64x64', 'quad-5x12', 'register-5x4'],
    cpu: ['shuffle-64x64', 'quad-5x12', 'register-5x4'],
    ...preferredBlocks,
  },
});
