// The first layer on images that stay bytes: matmul-forward and matmul-wgrad with the gather inside. Saves writing and
// reading x, a float per pixel, and a dispatch. dgrad has no counterpart: nothing needs the gradient of an image.
import forwardNaive from '../../shaders/gather-matmul-forward/naive.wgsl?raw';
import forwardQuad from '../../shaders/gather-matmul-forward/quad.wgsl?raw';
import wgradNaive from '../../shaders/gather-matmul-wgrad/naive.wgsl?raw';
import wgradQuad from '../../shaders/gather-matmul-wgrad/quad.wgsl?raw';
import { type Kernel, read, readWrite, type Variant } from './kernel.ts';

export type GatherMatmulShape = {
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

const K = 3072;
const { ceil } = Math;

const cost = ({ M, N }: GatherMatmulShape) => ({
  flops: 2 * M * N * K + 2 * M * K,
  bytes: M * K + 4 * (K * N + M * N + 2 * K),
});

const images = [read('imagesA'), read('imagesB'), read('normalisation'), read('order'), read('counters')];

const sizes = ({ M, N, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES }: GatherMatmulShape) => ({
  M,
  N,
  ORDER,
  STEPS_PER_EPOCH,
  SHARD_IMAGES,
});

/** The variants of one tile: with and without the second shard. */
function quad(
  tile: string,
  columns: number,
  source: string,
  constants: Readonly<Record<string, number>>,
  grid: (shape: GatherMatmulShape) => readonly [number, number],
): Variant<GatherMatmulShape>[] {
  return [false, true].map((sharded) => ({
    name: `quad-${tile}${sharded ? '-sharded' : ''}`,
    source,
    subgroups: true,
    flags: { SHARDED: sharded },
    refuses: ({ N, SHARDED }) => {
      if (N % 4 !== 0) return `N = ${N} is not a multiple of 4`;
      if (N < columns) return `its tile has ${columns} columns, N is ${N}`;
      if ((SHARDED === 1) === sharded) return undefined;
      return sharded ? 'the images lie in one shard' : 'the images lie in two shards';
    },
    unrolled: () => 16 * constants.ROWS! * constants.COLS! * (constants.ROUND ?? 1),
    constants: (shape) => ({ ...sizes(shape), ...constants }),
    grid,
  }));
}

/** The tiles in this order, each with its sharded twin behind it. */
const preferences = (...names: readonly string[]) => ({
  swiftshader: names.flatMap((name) => [name, `${name}-sharded`]),
});

const forwardTile = (rows: number, cols: number) =>
  quad(`${rows}x${4 * cols}`, 4 * cols, forwardQuad, { ROWS: rows, COLS: cols, ROUND: 2 }, ({ M, N }) => [
    ceil(N / (4 * cols)),
    ceil(M / (4 * rows)),
  ]);

const wgradTile = (vecs: number, cols: number) =>
  quad(
    `${4 * vecs}x${4 * cols}`,
    4 * cols,
    wgradQuad,
    { VECS: vecs, ROWS: 4 * vecs, COLS: cols },
    ({ N }) => [ceil(N / (4 * cols)), ceil(K / (16 * vecs))],
  );

/** y(M,N) = x(M,3072)·w + bias of this step's images. */
export const gatherMatmulForward: Kernel<GatherMatmulShape> = {
  op: 'gather-matmul-forward',
  bindings: [...images, read('w'), read('bias'), readWrite('y')],
  cost,
  variants: [
    { name: 'naive', source: forwardNaive, constants: sizes, grid: ({ M, N }) => [ceil(N / 8), ceil(M / 8)] },
    ...forwardTile(13, 13),
    ...forwardTile(7, 13),
    ...forwardTile(13, 7),
    ...forwardTile(13, 4),
    ...forwardTile(13, 3),
  ],
  preferred: preferences('quad-7x52', 'quad-13x28', 'quad-13x16', 'quad-13x12'),
};

/** dw(3072,N) = xᵀ(3072,M)·dy of this step's images. */
export const gatherMatmulWgrad: Kernel<GatherMatmulShape> = {
  op: 'gather-matmul-wgrad',
  bindings: [...images, read('dy'), readWrite('dw')],
  cost,
  variants: [
    { name: 'naive', source: wgradNaive, constants: sizes, grid: ({ N }) => [ceil(N / 8), K / 8] },
    ...wgradTile(3, 13),
    ...wgradTile(3, 7),
    ...wgradTile(4, 4),
    ...wgradTile(4, 3),
  ],
  preferred: preferences('quad-12x52', 'quad-12x28', 'quad-16x16', 'quad-16x12'),
};
