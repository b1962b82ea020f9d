// Convolutions of which a block of one operand stays in a quad's private memory while the pixels, or the rows of dw, pass by: as
// matmul-stationary.ts, for SwiftShader.
import {
  type ConvForwardShape,
  type ConvShape,
  type ConvWgradShape,
  heldDgrad,
  heldForward,
  heldWgrad,
  outputSize,
  productSize,
  rowsOfPart,
} from './convolution-shape.ts';
import type { HeldProduct } from './held-product.ts';
import { even, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

const { ceil, floor, max, min } = Math;

/** Terms times columns of the block that a quad holds, at most: 24 kB. What compiles fast enough for a test of every shape holds less. */
const fastest = 6144;
/** Terms of a block, at most, in fours: each is loaded into a value of its own, and compiling takes more than twice as long for twice as many. */
const mostTerms4 = 36;
/** Columns of a block, at most. */
const mostColumns = 64;
/** Rows of y in a block of wgrad, at most: each is divided and masked by itself, and compiling 24 of three pixels takes 20 s, 42 more than two minutes. */
const mostLines = 16;
/** Rows that pass by a block in one workgroup, at most. */
const mostRows = 256;

/** The smallest divisor of `terms` that is at least `least`: so many terms are summed in one register. */
function groupOf(terms: number, least: number): number {
  let size = min(least, terms);
  while (terms % size !== 0) size++;
  return size;
}

/** Sixteens of columns in a block, of so many columns. */
const sixteens = (columns: number): number => even(ceil(columns / 16), mostColumns / 16);

/** A block's share of so many rows, in fours. */
const share = (rows: number): number => 4 * ceil(rows / 4 / ceil(rows / mostRows));

/**
 * A block of a filter of at most `held` numbers: rows of its taps, terms of each, columns. `row4`: terms of a row of taps, in fours; `rows`: rows
 * that lie in one block where they fit.
 */
function filterBlock(held: number, columns: number, row4: number, rows: number) {
  const COLS = sixteens(columns);
  const most4 = max(1, min(mostTerms4, floor(held / (64 * COLS))));
  const whole = rows * row4 <= most4;
  const TAP_ROWS = whole ? rows : 1;
  const DEPTH4 = whole ? row4 : even(row4, most4);
  const TERMS4 = TAP_ROWS * DEPTH4;
  return { TAP_ROWS, DEPTH4, TERMS4, GROUP: groupOf(TERMS4, 4), COLS };
}

/** One of the three products: what is held, what passes by. */
interface Form<S extends ConvShape, B extends { readonly COLS: number }> extends HeldProduct<S> {
  readonly source: string;
  block(shape: S): B;
  /** Terms in a block. */
  terms(block: B): number;
  /** Part of a block's columns that there must be: the rest is computed for nothing. */
  readonly leastFilled: number;
}

function stationary<S extends ConvShape, B extends { readonly COLS: number }>({
  source,
  block,
  terms,
  columns,
  rows,
  times,
  leastFilled,
}: Form<S, B>): Variant<S> {
  return {
    name: 'stationary',
    source,
    subgroups: true,
    madeFor: ['swiftshader'],
    unrolled: (shape) => 16 * block(shape).COLS * terms(block(shape)),
    refuses: (shape) =>
      wantsMultiplesOf4<S>('C', 'N')(shape) ??
      (columns(shape) < 12 ? `${columns(shape)} columns leave most of a block of 16 empty` : undefined),
    // Large products whose columns mostly fill their sixteens: else strips are faster.
    pays: (shape) => {
      const { M, N, K } = productSize(shape);
      const filled = columns(shape) / (16 * ceil(columns(shape) / 16));
      return M * N * K >= 2 ** 23 && filled >= leastFilled && rows(shape) >= 64;
    },
    constants: (shape) => ({ ...shape, ...outputSize(shape), ...block(shape), BLOCK: share(rows(shape)) }),
    grid: (shape) => [
      ceil(columns(shape) / 16 / block(shape).COLS) * times(shape),
      ceil(rows(shape) / share(rows(shape))),
    ],
  };
}

export const stationaryForward = (held = fastest) =>
  stationary({
    source: shader('conv-forward/stationary'),
    block: ({ N, C, SIZE_X, SIZE_Y }: ConvForwardShape) => filterBlock(held, N, SIZE_X * ceil(C / 4), SIZE_Y),
    terms: ({ TERMS4 }) => 4 * TERMS4,
    ...heldForward,
    leastFilled: 0.75,
  });

export const stationaryDgrad = (held = fastest) =>
  stationary({
    source: shader('conv-dgrad/stationary'),
    block: ({ C, N, SIZE_Y, SIZE_X, STEP_Y, STEP_X }: ConvShape) => {
      const TAPS = STEP_X === 1 ? SIZE_X : 1;
      return { TAPS, ...filterBlock(held, C, TAPS * ceil(N / 4), STEP_Y === 1 ? SIZE_Y : 1) };
    },
    terms: ({ TERMS4 }) => 4 * TERMS4,
    ...heldDgrad,
    leastFilled: 0.75,
  });

/** Rows of y, and pixels of each, in a block of wgrad: those that leave the least of the last block empty, a block costing 16 pixels by itself. */
function pixelBlock(held: number, shape: ConvWgradShape) {
  const COLS = sixteens(shape.N);
  const most = max(1, min(4 * mostTerms4, floor(held / (16 * COLS))));
  const ROWS = rowsOfPart(shape);
  const SPAN = even(outputSize(shape).Q, most);
  const price = (lines: number) => ceil(ROWS / lines) * (lines * SPAN + 16);
  let LINES = 1;
  for (let lines = 2; lines <= min(ROWS, mostLines, floor(most / SPAN)); lines++) {
    if (price(lines) <= price(LINES)) LINES = lines;
  }
  const TERMS = LINES * SPAN;
  return { ROWS, LINES, SPAN, TERMS, GROUP: groupOf(TERMS, 16), COLS };
}

export const stationaryWgrad = (held = fastest) =>
  stationary({
    source: shader('conv-wgrad/stationary'),
    block: (shape: ConvWgradShape) => pixelBlock(held, shape),
    terms: ({ TERMS }) => TERMS,
    ...heldWgrad,
    leastFilled: 0.91,
  });
