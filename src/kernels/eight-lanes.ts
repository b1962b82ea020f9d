// Held products by shuffles of eight lanes, lavapipe's variants: a lane loads the terms of a row, and all lanes take them from it.
import type { ShaderConstants } from '../gpu/specialize.ts';
import { type HeldProduct, rowBlocks } from './held-product.ts';
import { type Shape, type Variant, wantsMultiplesOf4 } from './kernel.ts';

const { ceil } = Math;

/** Why the adapter cannot. */
export const noEightLanes = 'the adapter has no shuffles of eight lanes';

/** Multiply-adds that repay compiling a block. */
const leastWork = 2 ** 21;

export interface EightLanes<S extends Shape> extends HeldProduct<S> {
  readonly name: string;
  readonly source: string;
  readonly multiplesOf4: readonly (keyof S & string)[];
  /** Terms that a lane, or all of them, load at a time. */
  readonly termsPerLoad: 4 | 8;
  /** Rows that pass by a block in one workgroup, at most. */
  readonly mostRows: number;
  /** M, N and K of the product. */
  product(shape: S): { readonly M: number; readonly N: number; readonly K: number };
  /** Lanes that hold different columns, a vec4 each in every pass. */
  wide(shape: S): number;
  passes(shape: S): number;
  /** Constants: how often a block's terms are loaded, and all others but BLOCK and PASSES. */
  block(shape: S): ShaderConstants & { readonly LOADS: number };
}

export function eightLanes<S extends Shape>(form: EightLanes<S>): Variant<S> {
  const { name, source, multiplesOf4, termsPerLoad, mostRows, product, columns, rows, times } = form;
  const { wide, passes, block } = form;
  const grid = (shape: S) => {
    const columnBlocks = ceil(columns(shape) / (4 * wide(shape) * passes(shape))) * times(shape);
    return [columnBlocks, rowBlocks(rows(shape), mostRows, columnBlocks)] as const;
  };
  return {
    name,
    source,
    subgroups: true,
    madeFor: ['cpu'],
    unrolled: (shape) => 4 * termsPerLoad * block(shape).LOADS * passes(shape),
    refuses: (shape, capabilities) =>
      capabilities.eightLanes ? wantsMultiplesOf4<S>(...multiplesOf4)(shape) : noEightLanes,
    // Large products, most of whose lanes have a column.
    pays: (shape) => {
      const { M, N, K } = product(shape);
      return M * N * K >= leastWork && columns(shape) >= 3 * wide(shape);
    },
    constants: (shape) => ({
      ...block(shape),
      PASSES: passes(shape),
      BLOCK: 8 * ceil(rows(shape) / 8 / grid(shape)[1]),
    }),
    grid,
  };
}
