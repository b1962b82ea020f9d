// Convolutions of which a block of one operand stays in the private memory of eight lanes while pixels, or rows of dw, pass by: as matmul-shuffle.ts, for
// lavapipe.
import {
  type ConvForwardShape,
  type ConvShape,
  type ConvWgradShape,
  even,
  type HeldProduct,
  heldDgrad,
  heldForward,
  heldWgrad,
  outputSize,
  productSize,
  rowsOfPart,
} from './convolution-shape.ts';
import { type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { rowBlocks } from './matmul-shape.ts';
import { leastWork, noEightLanes } from './matmul-shuffle.ts';
import { shader } from './shader.ts';

const { ceil, min } = Math;

/** What passes by and what is held, at most: twice as many terms in one pass as in two, terms a multiple of 8. */
interface Block {
  readonly terms: number;
  readonly rows: number;
}

/** A smaller one, for tests, compiles in less. */
const fastest: Block = { terms: 64, rows: 256 };

/** One of the three products. */
interface Form<S extends ConvShape> extends HeldProduct<S> {
  readonly source: string;
  /** Terms that a lane, or all of them, load at a time. */
  readonly termsPerLoad: 4 | 8;
  /** Constants of a block of at most so many loads: how many, and others. */
  block(shape: S, mostLoads: number): { readonly LOADS: number };
}

function shuffle<S extends ConvShape>(most: Block, form: Form<S>): Variant<S> {
  const { source, termsPerLoad, columns, rows, times } = form;
  /** Lanes that hold different columns: two teams of four share few, but in wgrad. */
  const wide = (shape: S) => (termsPerLoad === 4 && columns(shape) <= 16 ? 4 : 8);
  const passes = (shape: S) => min(2, ceil(columns(shape) / 4 / wide(shape)));
  const block = (shape: S) => form.block(shape, (2 * most.terms) / termsPerLoad / passes(shape));
  const grid = (shape: S) => {
    const columnBlocks = ceil(columns(shape) / 4 / wide(shape) / passes(shape)) * times(shape);
    return [columnBlocks, rowBlocks(rows(shape), most.rows, columnBlocks)] as const;
  };
  return {
    name: 'shuffle',
    source,
    subgroups: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * termsPerLoad * block(shape).LOADS * passes(shape),
    refuses: (shape, { eightLanes }) => (eightLanes ? wantsMultiplesOf4<S>('C', 'N')(shape) : noEightLanes),
    // Large products, most of whose lanes have a column.
    pays: (shape) => {
      const { M, N, K } = productSize(shape);
      return M * N * K >= leastWork && columns(shape) >= 3 * wide(shape);
    },
    constants: (shape) => ({
      ...shape,
      ...outputSize(shape),
      ...block(shape),
      ...(termsPerLoad === 4 && { WIDE: wide(shape) }),
      PASSES: passes(shape),
      BLOCK: 8 * ceil(rows(shape) / 8 / grid(shape)[1]),
    }),
    grid,
  };
}

export const shuffleForward = (most = fastest) =>
  shuffle<ConvForwardShape>(most, {
    source: shader('conv-forward/shuffle'),
    termsPerLoad: 4,
    block: (shape, mostLoads) => ({ LOADS: even(productSize(shape).K / 4, mostLoads) }),
    ...heldForward,
  });

export const shuffleDgrad = (most = fastest) =>
  shuffle<ConvShape>(most, {
    source: shader('conv-dgrad/shuffle'),
    termsPerLoad: 4,
    block: ({ N, SIZE_X, STEP_X }, mostLoads) => {
      const TAPS = STEP_X === 1 ? SIZE_X : 1;
      return { TAPS, LOADS: even((TAPS * N) / 4, mostLoads) };
    },
    ...heldDgrad,
  });

export const shuffleWgrad = (most = fastest) =>
  shuffle<ConvWgradShape>(most, {
    source: shader('conv-wgrad/shuffle'),
    termsPerLoad: 8,
    block: (shape, mostLoads) => {
      const ROWS = rowsOfPart(shape);
      return { ROWS, LOADS: even(ceil((ROWS * outputSize(shape).Q) / 8), mostLoads) };
    },
    ...heldWgrad,
  });
