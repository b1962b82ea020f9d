// Matrix products for GPUs: one shader per form, a workgroup computes a block of the output through workgroup memory.
import { gpus } from '../gpu/adapter-kind.ts';
import type { Preferences, Variant } from './kernel.ts';
import { fits, type MatmulShape, sizes } from './matmul-shape.ts';
import { shader } from './shader.ts';

/** What a workgroup computes, rows × columns of the output with `depth` terms a round, and what one of its invocations does. */
interface Block {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly tile: { readonly rows: number; readonly columns: number };
}

const block = (
  rows: number,
  columns: number,
  depth: number,
  tileRows: number,
  tileColumns: number,
): Block => ({
  rows,
  columns,
  depth,
  tile: { rows: tileRows, columns: tileColumns },
});

/** From small to large: S, S2, deep, M2, M, L, XL of docs/kernels.md. All keep to what every adapter has: 256 invocations, 16 KiB of workgroup memory. */
const blocks: readonly Block[] = [
  block(32, 32, 16, 4, 4),
  block(32, 32, 16, 2, 4),
  block(64, 32, 32, 4, 4),
  block(64, 64, 16, 4, 4),
  block(64, 64, 16, 8, 4),
  block(128, 64, 16, 8, 4),
  block(128, 128, 8, 8, 8),
];

const smallest = blocks[0];

const { ceil } = Math;

/** vec4 behind each row of a tile whose rows are terms: keeps rows in different banks of workgroup memory. */
const pad = 1;

const invocationsOf = ({ rows, columns, tile }: Block): number =>
  (rows / tile.rows) * (columns / tile.columns);

/** `block-64x64x16-8x4` */
const nameOf = ({ rows, columns, depth, tile }: Block): string =>
  `block-${rows}x${columns}x${depth}-${tile.rows}x${tile.columns}`;

/** How a form names the sides of its product, and how its operands lie in workgroup memory. */
interface Form {
  readonly source: string;
  readonly rows: 'M' | 'K';
  readonly columns: 'N' | 'K';
  /** Names of the constants that count the loads of the two tiles. */
  readonly loads: readonly [string, string];
  /** Rows of these tiles are terms, four to a vec4, and padded; those of the others are the tile's side. */
  readonly alongTerms: readonly [boolean, boolean];
  readonly flags?: () => Readonly<Record<string, boolean>>;
  /** Constants that depend on the form alone. */
  readonly extra?: (shape: MatmulShape, block: Block) => Readonly<Record<string, number>>;
}

function variant(form: Form, one: Block): Variant<MatmulShape> {
  const { rows, columns, depth, tile } = one;
  const invocations = invocationsOf(one);
  const [leftLoads, rightLoads] = form.loads;
  const tiles = (shape: MatmulShape): readonly [number, number] => [
    ceil(shape[form.columns] / columns),
    ceil(shape[form.rows] / rows),
  ];
  return {
    name: nameOf(one),
    source: form.source,
    madeFor: gpus,
    ...(form.flags && { flags: form.flags }),
    refuses: fits(4, 'N'),
    pays: (shape, { fillingWorkgroups }) => {
      const [x, y] = tiles(shape);
      return one === smallest || x * y >= fillingWorkgroups;
    },
    unrolled: () => tile.rows * tile.columns * (form.alongTerms[0] ? 4 : 1),
    constants: (shape) => ({
      ...sizes(shape),
      BM: rows,
      BN: columns,
      BK: depth,
      ...(form.alongTerms[0] ? { TM: tile.rows } : { TM4: tile.rows / 4 }),
      TN4: tile.columns / 4,
      ...(form.alongTerms[0] && { PAD: pad }),
      INVOCATIONS: invocations,
      [leftLoads]: (rows * depth) / 4 / invocations,
      [rightLoads]: (columns * depth) / 4 / invocations,
      ...form.extra?.(shape, one),
    }),
    grid: tiles,
  };
}

const forwardForm: Form = {
  source: shader('matmul-forward/block'),
  rows: 'M',
  columns: 'N',
  loads: ['X_LOADS', 'W_LOADS'],
  alongTerms: [true, false],
  flags: () => ({ BIAS: true }),
  extra: ({ M, K }, { rows }) => ({ ROW_TILES: ceil(M / rows), SPLIT_K: K }),
};

const wgradForm: Form = {
  source: shader('matmul-wgrad/block'),
  rows: 'K',
  columns: 'N',
  loads: ['X_LOADS', 'DY_LOADS'],
  alongTerms: [false, false],
};

const dgradForm: Form = {
  source: shader('matmul-dgrad/block'),
  rows: 'M',
  columns: 'K',
  loads: ['DY_LOADS', 'W_LOADS'],
  alongTerms: [true, true],
};

export const forwardBlocks = blocks.map((one) => variant(forwardForm, one));
/** Those of a split-K product: one that is split is small, and has few outputs to an invocation. */
export const smallForwardBlocks = blocks
  .filter(({ tile }) => tile.rows * tile.columns <= 16)
  .map((one) => variant(forwardForm, one));
/** An invocation reads rows of dw by four. */
export const wgradBlocks = blocks
  .filter(({ tile }) => tile.rows % 4 === 0)
  .map((one) => variant(wgradForm, one));
export const dgradBlocks = blocks.map((one) => variant(dgradForm, one));

/**
 * Where nothing was measured: blocks of 64×64 where there are enough to keep the GPU busy, of 32×32 otherwise. A GPU of Apple has registers for
 * more of a tile per invocation.
 */
export const preferredBlocks: Preferences = {
  apple: ['block-64x64x16-8x4', 'block-32x32x16-4x4'],
  gpu: ['block-64x64x16-4x4', 'block-32x32x16-4x4'],
};
