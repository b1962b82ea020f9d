// Reductions over many rows in two dispatches: sums of parts of the rows side by side, then the sum of the parts in order.
import biasParts from '../../shaders/bias-gradient-parts/naive.wgsl?raw';
import partSumNaive from '../../shaders/part-sum/naive.wgsl?raw';
import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';

/** A reduction of M rows of N columns in PARTS parts. */
export type PartsShape = { readonly M: number; readonly N: number; readonly PARTS: number };

/** Beyond so many rows a reduction in one dispatch leaves most of a GPU idle. */
export const fewRows = 1024;

/** Parts of M rows: at least 512 rows each, so that adding parts costs little; at most 256. A function of the shape alone, so that every adapter adds in the same order. */
export function partsOf(M: number): number {
  return Math.ceil(M / Math.ceil(M / Math.max(1, Math.min(256, Math.floor(M / 512)))));
}

/** Rows of a part. */
export const rowsPerPart = ({ M, PARTS }: { readonly M: number; readonly PARTS: number }): number =>
  Math.ceil(M / PARTS);

/** sum(COUNT) of PARTS arrays, in order. */
export const partSum = defineKernel({
  op: 'part-sum',
  bindings: [read('partial'), readWrite('sum')],
  cost: ({ COUNT, PARTS }: { readonly COUNT: number; readonly PARTS: number }) => ({
    flops: COUNT * PARTS,
    bytes: 4 * COUNT * (PARTS + 1),
  }),
  variants: [
    {
      name: 'naive',
      source: partSumNaive,
      refuses: wantsMultiplesOf4('COUNT'),
      constants: (shape) => shape,
      grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
    },
  ],
});

/** partial(PARTS, N) = column sums of dy(M,N) over each part of the rows: bias-gradient for many rows. */
export const biasGradientParts = defineKernel({
  op: 'bias-gradient-parts',
  bindings: [read('dy'), readWrite('partial')],
  cost: ({ M, N, PARTS }: PartsShape) => ({ flops: M * N, bytes: 4 * (M * N + PARTS * N) }),
  variants: [
    {
      name: 'naive',
      source: biasParts,
      refuses: wantsMultiplesOf4('N'),
      constants: (shape) => ({
        ...shape,
        ROWS: rowsPerPart(shape),
      }),
      grid: ({ N, PARTS }) => [Math.ceil((PARTS * N) / 64), 1],
    },
  ],
});
