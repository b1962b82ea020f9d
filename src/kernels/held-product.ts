// Products of which one operand is held in private memory while the rows of the other pass by.
import type { Shape } from './kernel.ts';

const { ceil, max, min } = Math;

/** Columns of the operand that is held, and rows that pass by; how often there are both: phases, or parts of the terms. */
export interface HeldProduct<S extends Shape> {
  columns(shape: S): number;
  rows(shape: S): number;
  times(shape: S): number;
}

/** Fewer workgroups leave cores idle: blocks of rows are cut smaller for them, down to `leastRows`, where loading the held block begins to tell. */
export const leastWorkgroups = 4;
const leastRows = 64;

/** Into how many blocks of at most `most` the rows are cut that pass by each of `columnBlocks` blocks. */
export const rowBlocks = (rows: number, most: number, columnBlocks: number): number =>
  max(ceil(rows / most), min(ceil(rows / leastRows), ceil(leastWorkgroups / columnBlocks)));
