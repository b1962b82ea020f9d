// A convolution over NHWC activations as the three matrix products of a linear layer, with an implicit operand: the pixels under the filter
// are read where they lie, never copied. In the words of matmul.ts M = B·P·Q, N = filters, K = SIZE_Y·SIZE_X·C:
//   conv-forward   y(M,N) = x'·w + bias     conv-wgrad   dw(K,N) = x'ᵀ·dy, in parts that part-sum adds     conv-dgrad   dx from dy·wᵀ
import type { AdapterKind } from '../gpu/adapter-kind.ts';
import {
  type ConvForwardShape,
  type ConvShape,
  type ConvWgradShape,
  cost,
  outputSize,
  productSize,
  rowsOfPart,
} from './convolution-shape.ts';
import { shuffleDgrad, shuffleForward, shuffleWgrad } from './convolution-shuffle.ts';
import { stationaryDgrad, stationaryForward, stationaryWgrad } from './convolution-stationary.ts';
import { defineKernel, even, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

const { ceil, floor, max, min } = Math;

/** Multiply-adds of four lanes that a round may write out: beyond it compiling takes seconds. */
const mostUnrolled = 3072;

const fits = (shape: ConvShape): string | undefined => {
  if (shape.SIZE_X > 8) return `it writes out the ${shape.SIZE_X} taps of a row`;
  return wantsMultiplesOf4<ConvShape>('C', 'N')(shape);
};

/** A variant whose workgroups are counted along one line; `block`: constants beside the shape's, those of what an invocation or a workgroup computes. */
function variant<S extends ConvShape>(
  name: string,
  source: string,
  workgroups: (shape: S) => number,
  rest: Partial<Variant<S>> & { readonly block?: (shape: S) => Readonly<Record<string, number>> } = {},
): Variant<S> {
  const { block, ...others } = rest;
  return {
    name,
    source,
    ...others,
    constants: (shape) => ({ ...shape, ...outputSize(shape), ...block?.(shape) }),
    grid: (shape) => [workgroups(shape), 1],
  };
}

/** A tile of size² outputs per workgroup, through workgroup memory; `tiles` counts them. */
function tileVariant<S extends ConvShape>(
  size: number,
  source: string,
  tiles: (shape: S) => number,
  columns: (shape: S) => number,
  constants: (shape: S) => Readonly<Record<string, number>> = () => ({}),
): Variant<S> {
  return variant(`tile-${size}`, source, tiles, {
    refuses: wantsMultiplesOf4<S>('C', 'N'),
    pays: (shape) => size === 32 || (tiles(shape) >= leastTiles && fillsTile(columns(shape))),
    block: (shape) => ({ ...constants(shape), TILE: size, INVOCATIONS: size ** 2 / 16 }),
  });
}

/** Workgroups that a GPU wants at least: below, smaller tiles pay. */
const leastTiles = 64;

/** Whether tiles of 64 columns waste little more than tiles of 32: on an H200 24 columns take twice as long with 64. */
const fillsTile = (columns: number): boolean => 64 * ceil(columns / 64) <= 1.2 * 32 * ceil(columns / 32);

/** On an H100 a strip takes 20 times as long as a tile, on lavapipe one of 32 columns six to ten seconds to compile. */
const stripAdapters = (cols: number): readonly AdapterKind[] =>
  cols > 4 ? ['swiftshader'] : ['swiftshader', 'cpu'];

/** A strip of at most `pixels` pixels and 4·cols columns, smaller where the shape is or where many taps are written out. */
function stripTile(pixels: number, cols: number, along: number, columns: number, taps: number) {
  const COLS = even(columns / 4, cols);
  const most = max(1, min(pixels, floor(mostUnrolled / (16 * taps * COLS))));
  return { PIXELS: even(along, most), COLS };
}

function forwardStripVariant(pixels: number, cols: number): Variant<ConvForwardShape> {
  const tile = (shape: ConvShape) => {
    const { PIXELS, COLS } = stripTile(pixels, cols, outputSize(shape).Q, shape.N, shape.SIZE_X);
    return { PIXELS, COLS, WINDOW: (PIXELS - 1) * shape.STEP_X + shape.SIZE_X };
  };
  const workgroups = (shape: ConvShape) => {
    const { PIXELS, COLS } = tile(shape);
    const { P, Q } = outputSize(shape);
    return ceil((shape.B * P * ceil(Q / PIXELS)) / 4) * ceil(shape.N / 4 / COLS);
  };
  return variant(`strip-${pixels}x${4 * cols}`, shader('conv-forward/strip'), workgroups, {
    subgroups: true,
    madeFor: stripAdapters(cols),
    refuses: fits,
    block: tile,
  });
}

const forwardTileVariant = (size: number) =>
  tileVariant<ConvForwardShape>(
    size,
    shader('conv-forward/tile'),
    (shape) => {
      const { M, N } = productSize(shape);
      return ceil(M / size) * ceil(N / size);
    },
    ({ N }) => N,
  );

export const convForward = defineKernel({
  op: 'conv-forward',
  bindings: [read('x'), read('w'), readWrite('y'), read('bias')],
  cost: (shape: ConvForwardShape) => cost(shape),
  variants: [
    variant<ConvForwardShape>('naive', shader('conv-forward/naive'), (shape) => {
      const { M, N } = productSize(shape);
      return ceil((M * N) / 64);
    }),
    forwardTileVariant(64),
    forwardTileVariant(32),
    forwardStripVariant(4, 4),
    forwardStripVariant(8, 4),
    forwardStripVariant(8, 8),
    stationaryForward(),
    shuffleForward(),
  ],
  preferred: {
    swiftshader: ['stationary', 'strip-8x32'],
    cpu: ['shuffle', 'strip-4x16'],
    gpu: ['tile-64', 'tile-32'],
  },
});

function wgradStripVariant(rows: number, cols: number): Variant<ConvWgradShape> {
  const tile = (shape: ConvWgradShape) => {
    const VECS = even(shape.C / 4, max(1, floor(rows / 4 / shape.SIZE_X)));
    const COLS = even(shape.N / 4, cols);
    return {
      ROWS: rowsOfPart(shape),
      VECS,
      COLS,
      WINDOW: 3 * shape.STEP_X + shape.SIZE_X,
      SUMS: 4 * shape.SIZE_X * VECS * COLS,
    };
  };
  const workgroups = (shape: ConvWgradShape) => {
    const { VECS, COLS } = tile(shape);
    const quads = ceil((shape.SIZE_Y * ceil(shape.C / 4 / VECS)) / 4);
    return shape.PARTS * quads * ceil(shape.N / 4 / COLS);
  };
  return variant(`strip-${rows}x${4 * cols}`, shader('conv-wgrad/strip'), workgroups, {
    subgroups: true,
    madeFor: stripAdapters(cols),
    refuses: fits,
    block: tile,
  });
}

const wgradTileVariant = (size: number) =>
  tileVariant<ConvWgradShape>(
    size,
    shader('conv-wgrad/tile'),
    (shape) => {
      const { N, K } = productSize(shape);
      return shape.PARTS * ceil(K / size) * ceil(N / size);
    },
    ({ N }) => N,
    (shape) => ({ ROWS: rowsOfPart(shape) }),
  );

export const convWgrad = defineKernel({
  op: 'conv-wgrad',
  bindings: [read('x'), read('dy'), readWrite('partial')],
  cost: (shape: ConvWgradShape) => cost(shape),
  variants: [
    variant<ConvWgradShape>(
      'naive',
      shader('conv-wgrad/naive'),
      (shape) => {
        const { N, K } = productSize(shape);
        return ceil((shape.PARTS * K * N) / 64);
      },
      { block: (shape) => ({ ROWS: rowsOfPart(shape) }) },
    ),
    wgradTileVariant(64),
    wgradTileVariant(32),
    wgradStripVariant(12, 4),
    wgradStripVariant(12, 8),
    stationaryWgrad(),
    shuffleWgrad(),
  ],
  preferred: {
    swiftshader: ['stationary', 'strip-12x32'],
    cpu: ['shuffle', 'strip-12x16'],
    gpu: ['tile-64', 'tile-32'],
  },
});

function dgradStripVariant(pixels: number, cols: number): Variant<ConvShape> {
  const tile = ({ W, C, SIZE_X, STEP_X, PAD_X }: ConvShape) => {
    // Tap s reaches pixel ceil((PAD_X - s) / STEP_X) of dy from the strip's first one on: less for the last tap than for the first.
    const [first, last] = [ceil(PAD_X / STEP_X), ceil((PAD_X + 1 - SIZE_X) / STEP_X)];
    const { PIXELS, COLS } = stripTile(max(1, floor(pixels / STEP_X)), cols, ceil(W / STEP_X), C, SIZE_X);
    const SPAN = PIXELS * STEP_X;
    return { PIXELS, COLS, SPAN, SUMS: SPAN * COLS, WINDOW: PIXELS + first - last, LOWEST: SIZE_X + last };
  };
  const workgroups = (shape: ConvShape) => {
    const { SPAN, COLS } = tile(shape);
    const { B, H, W, C, STEP_Y } = shape;
    return ceil((B * ceil(H / STEP_Y) * ceil(W / SPAN)) / 4) * STEP_Y * ceil(C / 4 / COLS);
  };
  return variant(`strip-${pixels}x${4 * cols}`, shader('conv-dgrad/strip'), workgroups, {
    subgroups: true,
    madeFor: stripAdapters(cols),
    refuses: (shape) =>
      shape.STEP_X > 8 ? `it writes out the ${shape.STEP_X} pixels of a step` : fits(shape),
    block: tile,
  });
}

const dgradTileVariant = (size: number) =>
  tileVariant<ConvShape>(
    size,
    shader('conv-dgrad/tile'),
    ({ B, H, W, C, STEP_Y, STEP_X }) => {
      const pixels = B * ceil(H / STEP_Y) * ceil(W / STEP_X);
      return ceil(pixels / size) * STEP_Y * STEP_X * ceil(C / size);
    },
    ({ C }) => C,
  );

export const convDgrad = defineKernel({
  op: 'conv-dgrad',
  bindings: [read('dy'), read('w'), readWrite('dx')],
  cost: (shape: ConvShape) => cost(shape),
  variants: [
    variant('naive', shader('conv-dgrad/naive'), ({ B, H, W, C }) => ceil((B * H * W * C) / 64)),
    dgradTileVariant(64),
    dgradTileVariant(32),
    dgradStripVariant(4, 4),
    dgradStripVariant(8, 4),
    dgradStripVariant(8, 8),
    stationaryDgrad(),
    shuffleDgrad(),
  ],
  preferred: {
    swiftshader: ['stationary', 'strip-8x32'],
    cpu: ['shuffle', 'strip-4x16'],
    gpu: ['tile-64', 'tile-32'],
  },
});
