// Convolutions by shuffles of eight lanes, for lavapipe: pixels, or rows of dw, pass by.
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
import { type EightLanes, eightLanes } from './eight-lanes.ts';
import type { HeldProduct } from './held-product.ts';
import type { Variant } from './kernel.ts';
import { shader } from './shader.ts';

/** Terms of a block in two passes, at most, twice as many in one, a multiple of 8; and rows that pass by. */
interface Block {
  readonly terms: number;
  readonly rows: number;
}

/** A smaller one, for tests, compiles in less. */
const fastest: Block = { terms: 64, rows: 256 };

type Form<S extends ConvShape> = HeldProduct<S> & Pick<EightLanes<S>, 'terms' | 'termsPerLoad'>;

function shuffle<S extends ConvShape>(
  op: string,
  most: Block,
  form: Form<S>,
  more: (shape: S) => Readonly<Record<string, number>> = () => ({}),
): Variant<S> {
  return eightLanes<S>({
    ...form,
    name: 'shuffle',
    source: shader(`${op}/shuffle`),
    multiplesOf4: ['C', 'N'],
    mostColumns: 64,
    mostRows: most.rows,
    mostTerms: (passes) => (2 * most.terms) / passes,
    hasTeams: op !== 'conv-wgrad',
    product: productSize,
    sizes: (shape) => ({ ...shape, ...outputSize(shape), ...more(shape) }),
  });
}

export const shuffleForward = (most = fastest) =>
  shuffle<ConvForwardShape>('conv-forward', most, {
    ...heldForward,
    terms: (shape) => productSize(shape).K,
    termsPerLoad: 4,
  });

/** The taps of a row whose terms are summed in one go. */
const tapsOf = ({ SIZE_X, STEP_X }: ConvShape): number => (STEP_X === 1 ? SIZE_X : 1);

export const shuffleDgrad = (most = fastest) =>
  shuffle<ConvShape>(
    'conv-dgrad',
    most,
    { ...heldDgrad, terms: (shape) => tapsOf(shape) * shape.N, termsPerLoad: 4 },
    (shape) => ({ TAPS: tapsOf(shape) }),
  );

export const shuffleWgrad = (most = fastest) =>
  shuffle<ConvWgradShape>(
    'conv-wgrad',
    most,
    { ...heldWgrad, terms: (shape) => rowsOfPart(shape) * outputSize(shape).Q, termsPerLoad: 8 },
    (shape) => ({ ROWS: rowsOfPart(shape) }),
  );
