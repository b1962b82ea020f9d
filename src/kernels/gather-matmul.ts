// The first layer on images that stay bytes: matmul-forward and matmul-wgrad with the gather inside. Saves writing and
// reading x, a float per pixel, and a dispatch. dgrad has no counterpart: nothing needs the gradient of an image.
import { type ImageDimensions, imageSize, imageWords } from './gather.ts';
import { defineKernel, read, readWrite, type Variant } from './kernel.ts';
import { shader } from './shader.ts';

export type GatherMatmulShape = ImageDimensions & {
  /** Samples of a batch. */
  readonly M: number;
  /** Outputs of the layer. */
  readonly N: number;
  /** Entries of `order` per replica. */
  readonly ORDER: number;
  readonly STEPS_PER_EPOCH: number;
  /** Images in `imagesA`. */
  readonly SHARD_IMAGES: number;
  /** 1: there are images in `imagesB`. */
  readonly SHARDED: 0 | 1;
};

const { ceil } = Math;

const cost = (shape: GatherMatmulShape) => {
  const { M, N } = shape;
  const K = imageSize(shape);
  return { flops: 2 * M * N * K + 2 * M * K, bytes: M * K + 4 * (K * N + M * N + 2 * K) };
};

const images = [
  read('imagesA'),
  read('imagesB'),
  read('normalisation'),
  read('order'),
  read('counters'),
] as const;

const sizes = ({ M, N, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES }: GatherMatmulShape) => ({
  M,
  N,
  ORDER,
  STEPS_PER_EPOCH,
  SHARD_IMAGES,
});

const naive = (source: string, grid: Variant<GatherMatmulShape>['grid']): Variant<GatherMatmulShape> => ({
  name: 'naive',
  source,
  refuses: ({ W }) => (W % 4 === 0 ? undefined : `rows of ${W} pixels are not whole words`),
  constants: (shape) => ({
    ...sizes(shape),
    WORDS: imageWords(shape),
    ROW_WORDS: shape.W / 4,
  }),
  grid,
});

/** A tile of at least `columns` columns. */
function quad(
  tile: string,
  columns: number,
  rest: Pick<Variant<GatherMatmulShape>, 'source' | 'unrolled' | 'constants' | 'grid'>,
): Variant<GatherMatmulShape> {
  return {
    name: `quad-${tile}`,
    subgroups: true,
    flags: ({ SHARDED }) => ({ SHARDED: SHARDED === 1 }),
    refuses: ({ N, W }) => {
      if (N % 4 !== 0) return `N = ${N} is not a multiple of 4`;
      if (N < columns) return `its tile has ${columns} columns, N is ${N}`;
      return W === 32 ? undefined : `it mirrors rows of 32 pixels, these have ${W}`;
    },
    ...rest,
  };
}

const forwardTile = (rows: number, cols: number) =>
  quad(`${rows}x${4 * cols}`, 4 * cols, {
    source: shader('gather-matmul-forward/quad'),
    unrolled: () => 16 * rows * cols * 2,
    constants: (shape) => ({
      ...sizes(shape),
      K: imageSize(shape),
      WORDS: imageWords(shape),
      ROWS: rows,
      COLS: cols,
      ROUND: 2,
    }),
    grid: ({ M, N }) => [ceil(N / (4 * cols)), ceil(M / (4 * rows))],
  });

const wgradTile = (vecs: number, cols: number) =>
  quad(`${4 * vecs}x${4 * cols}`, 4 * cols, {
    source: shader('gather-matmul-wgrad/quad'),
    unrolled: () => 64 * vecs * cols,
    constants: (shape) => ({
      ...sizes(shape),
      WORDS: imageWords(shape),
      VECS: vecs,
      ROWS: 4 * vecs,
      COLS: cols,
    }),
    grid: (shape) => [ceil(shape.N / (4 * cols)), ceil(imageSize(shape) / (16 * vecs))],
  });

/** y(M,N) = x(M,K)·w + bias of this step's images, K = C·H·W. */
export const gatherMatmulForward = defineKernel({
  op: 'gather-matmul-forward',
  bindings: [...images, read('w'), read('bias'), readWrite('y')],
  cost,
  variants: [
    naive(shader('gather-matmul-forward/naive'), ({ M, N }) => [ceil(N / 8), ceil(M / 8)]),
    forwardTile(13, 13),
    forwardTile(7, 13),
    forwardTile(13, 7),
    forwardTile(13, 4),
    forwardTile(13, 3),
    forwardTile(13, 2),
    forwardTile(13, 1),
  ],
  preferred: {
    swiftshader: ['quad-7x52', 'quad-13x28', 'quad-13x16', 'quad-13x12', 'quad-13x8', 'quad-13x4'],
  },
});

/** dw(K,N) = xᵀ(K,M)·dy of this step's images, K = C·H·W. */
export const gatherMatmulWgrad = defineKernel({
  op: 'gather-matmul-wgrad',
  bindings: [...images, read('dy'), readWrite('dw')],
  cost,
  variants: [
    naive(shader('gather-matmul-wgrad/naive'), (shape) => [ceil(shape.N / 8), ceil(imageSize(shape) / 8)]),
    wgradTile(3, 13),
    wgradTile(3, 7),
    wgradTile(4, 4),
    wgradTile(4, 3),
    wgradTile(4, 2),
    wgradTile(4, 1),
  ],
  preferred: {
    swiftshader: ['quad-12x52', 'quad-12x28', 'quad-16x16', 'quad-16x12', 'quad-16x8', 'quad-16x4'],
  },
});
