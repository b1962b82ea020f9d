// Held products by shuffles of eight lanes, lavapipe's variants: a lane loads the terms of a row, and all lanes take them from it.
import type { ShaderConstants } from '../gpu/specialize.ts';
import { type HeldProduct, rowBlocks } from './held-product.ts';
import { even, type Shape, type Variant, wantsMultiplesOf4 } from './kernel.ts';

const { ceil, min } = Math;

/** Multiply-adds that repay compiling a block. */
const leastWork = 2 ** 21;

export interface EightLanes<S extends Shape> extends HeldProduct<S> {
  readonly name: string;
  readonly source: string;
  readonly multiplesOf4: readonly (keyof S & string)[];
  /** Columns of a block and rows that pass by it in one workgroup, at most. */
  readonly mostColumns: number;
  readonly mostRows: number;
  /** Terms that are summed in one go, of which a block in so many passes has at most so many. */
  terms(shape: S): number;
  mostTerms(passes: number): number;
  /** Terms that a lane, or all of them, load at a time. */
  readonly termsPerLoad: 4 | 8;
  /** May two teams of four lanes hold the same few columns? */
  readonly hasTeams: boolean;
  /** M, N and K of the product. */
  product(shape: S): { readonly M: number; readonly N: number; readonly K: number };
  /** Constants beside those of the block. */
  sizes(shape: S): ShaderConstants;
}

export function eightLanes<S extends Shape>(form: EightLanes<S>): Variant<S> {
  const { name, source, mostColumns, mostRows, termsPerLoad, product, columns, rows, times } = form;
  /** Lanes that hold different columns, a vec4 each in every pass. */
  const wide = (shape: S) => (form.hasTeams && columns(shape) <= 16 ? 4 : 8);
  const passes = (shape: S) => ceil(min(mostColumns, columns(shape)) / 4 / wide(shape));
  const loads = (shape: S) =>
    even(ceil(form.terms(shape) / termsPerLoad), form.mostTerms(passes(shape)) / termsPerLoad);
  const grid = (shape: S) => {
    const columnBlocks = ceil(columns(shape) / 4 / wide(shape) / passes(shape)) * times(shape);
    return [columnBlocks, rowBlocks(rows(shape), mostRows, columnBlocks)] as const;
  };
  return {
    name,
    source,
    subgroups: true,
    eightLanes: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * termsPerLoad * loads(shape) * passes(shape),
    refuses: wantsMultiplesOf4<S>(...form.multiplesOf4),
    // Large products, most of whose lanes have a column.
    pays: (shape) => {
      const { M, N, K } = product(shape);
      return M * N * K >= leastWork && columns(shape) >= 3 * wide(shape);
    },
    constants: (shape) => ({
      ...form.sizes(shape),
      ...(form.hasTeams && { WIDE: wide(shape) }),
      LOADS: loads(shape),
      PASSES: passes(shape),
      BLOCK: 8 * ceil(rows(shape) / 8 / grid(shape)[1]),
    }),
    grid,
  };
}
