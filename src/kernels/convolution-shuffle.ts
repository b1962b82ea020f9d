// Convolutions by shuffles of eight lanes, for lavapipe: pixels, or rows of dw, pass by.
import {
  type ConvForwardShape,
  type ConvShape,
  type ConvWgradShape,
  even,
  heldDgrad,
  heldForward,
  heldWgrad,
  outputSize,
  productSize,
  rowsOfPart,
} from './convolution-shape.ts';
import { eightLanes } from './eight-lanes.ts';
import type { HeldProduct } from './held-product.ts';
import type { Variant } from './kernel.ts';
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
  /** As in `EightLanes`. */
  readonly termsPerLoad: 4 | 8;
  /** Constants of a block of at most so many loads: how many, and others. */
  block(shape: S, mostLoads: number): { readonly LOADS: number };
}

function shuffle<S extends ConvShape>({ terms, rows: mostRows }: Block, form: Form<S>): Variant<S> {
  const { termsPerLoad, columns } = form;
  /** Two teams of four lanes share few columns, but in wgrad. */
  const wide = (shape: S) => (termsPerLoad === 4 && columns(shape) <= 16 ? 4 : 8);
  const passes = (shape: S) => min(2, ceil(columns(shape) / 4 / wide(shape)));
  return eightLanes<S>({
    ...form,
    name: 'shuffle',
    multiplesOf4: ['C', 'N'],
    mostRows,
    product: productSize,
    wide,
    passes,
    block: (shape) => ({
      ...shape,
      ...outputSize(shape),
      ...form.block(shape, (2 * terms) / termsPerLoad / passes(shape)),
      ...(termsPerLoad === 4 && { WIDE: wide(shape) }),
    }),
  });
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
