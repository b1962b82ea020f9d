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
import { noEightLanes } from './matmul-shuffle.ts';
import { shader } from './shader.ts';

const { ceil, min } = Math;

/** Terms of a block of two passes, at most, twice as many of one; a smaller one, for tests, compiles in less. */
const fastest = 64;
/** Rows that pass by a block in one workgroup, at most. */
const mostRows = 256;

/** One of the three products. */
interface Form<S extends ConvShape> extends HeldProduct<S> {
  readonly source: string;
  /** Terms that a lane, or all of them, load at a time. */
  readonly step: 4 | 8;
  /** Constants of a block of at most so many loads: how many, and others. */
  block(shape: S, most: number): { readonly LOADS: number };
}

function shuffle<S extends ConvShape>(terms: number, form: Form<S>): Variant<S> {
  const { source, step, columns, rows, times } = form;
  /** Two teams of four lanes share few columns; wgrad has none. */
  const wide = (shape: S) => (step === 4 && columns(shape) <= 16 ? 4 : 8);
  const passes = (shape: S) => min(2, ceil(columns(shape) / 4 / wide(shape)));
  const block = (shape: S) => form.block(shape, (2 * terms) / step / passes(shape));
  const share = (shape: S) => 8 * ceil(rows(shape) / 8 / ceil(rows(shape) / mostRows));
  return {
    name: 'shuffle',
    source,
    subgroups: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * step * block(shape).LOADS * passes(shape),
    refuses: (shape, { eightLanes }) => (eightLanes ? wantsMultiplesOf4<S>('C', 'N')(shape) : noEightLanes),
    // Large products, most of whose lanes have a column.
    pays: (shape) => {
      const { M, N, K } = productSize(shape);
      return M * N * K >= 2 ** 21 && columns(shape) >= 3 * wide(shape);
    },
    constants: (shape) => ({
      ...shape,
      ...outputSize(shape),
      ...block(shape),
      ...(step === 4 && { WIDE: wide(shape) }),
      PASSES: passes(shape),
      BLOCK: share(shape),
    }),
    grid: (shape) => [
      ceil(columns(shape) / 4 / wide(shape) / passes(shape)) * times(shape),
      ceil(rows(shape) / share(shape)),
    ],
  };
}

export const shuffleForward = (terms = fastest) =>
  shuffle<ConvForwardShape>(terms, {
    source: shader('conv-forward/shuffle'),
    step: 4,
    block: (shape, most) => ({ LOADS: even(productSize(shape).K / 4, most) }),
    ...heldForward,
  });

export const shuffleDgrad = (terms = fastest) =>
  shuffle<ConvShape>(terms, {
    source: shader('conv-dgrad/shuffle'),
    step: 4,
    block: ({ N, SIZE_X, STEP_X }, most) => {
      const TAPS = STEP_X === 1 ? SIZE_X : 1;
      return { TAPS, LOADS: even((TAPS * N) / 4, most) };
    },
    ...heldDgrad,
  });

export const shuffleWgrad = (terms = fastest) =>
  shuffle<ConvWgradShape>(terms, {
    source: shader('conv-wgrad/shuffle'),
    step: 8,
    block: (shape, most) => {
      const ROWS = rowsOfPart(shape);
      return { ROWS, LOADS: even(ceil((ROWS * outputSize(shape).Q) / 8), most) };
    },
    ...heldWgrad,
  });
