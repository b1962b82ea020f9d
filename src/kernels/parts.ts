// Reductions over many rows in two dispatches: sums of parts of the rows side by side, then the sum of the parts.
import { defineKernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

/** A reduction of M rows of N columns in PARTS parts. */
export type PartsShape = { readonly M: number; readonly N: number; readonly PARTS: number };

/** Beyond so many rows a reduction in one dispatch leaves most of a GPU idle. */
export const fewRows = 1024;

/** Parts of M rows: at least 512 rows each, so that adding parts costs little; at most 256. A function of the shape alone, like the sums of a variant. */
export function partsOf(M: number): number {
  return Math.ceil(M / Math.ceil(M / Math.max(1, Math.min(256, Math.floor(M / 512)))));
}

/** Rows of a part. */
export const rowsPerPart = ({ M, PARTS }: { readonly M: number; readonly PARTS: number }): number =>
  Math.ceil(M / PARTS);

/** Invocations of a workgroup that sums in a tree. */
const treeInvocations = 256;

/** How a tree's workgroup lies over `columns`: as many side by side as 16, the rest of its invocations along the sum, a power of 2. */
export function treeTile(columns: number): { readonly COLUMNS: number; readonly LANES: number } {
  const COLUMNS = Math.min(16, columns);
  return { COLUMNS, LANES: 2 ** Math.floor(Math.log2(treeInvocations / COLUMNS)) };
}

/** Sums over each part of the rows, 16 vec4 columns a workgroup and their rows through a tree. */
export function partsStrip<S extends PartsShape>(source: string): Variant<S> {
  const tile = ({ N }: S) => treeTile(N / 4);
  return {
    name: 'strip',
    source,
    refuses: wantsMultiplesOf4<S>('N'),
    constants(shape) {
      const { COLUMNS, LANES } = tile(shape);
      return { ...shape, ROWS: rowsPerPart(shape), VECS: COLUMNS, LANES };
    },
    grid: (shape) => [shape.PARTS * Math.ceil(shape.N / 4 / tile(shape).COLUMNS), 1],
  };
}

type PartSumShape = { readonly COUNT: number; readonly PARTS: number };

/** sum(COUNT) of PARTS arrays, in the order that is the variant's. */
export const partSum = defineKernel({
  op: 'part-sum',
  bindings: [read('partial'), readWrite('sum')],
  cost: ({ COUNT, PARTS }: PartSumShape) => ({
    flops: COUNT * PARTS,
    bytes: 4 * COUNT * (PARTS + 1),
  }),
  variants: [
    {
      name: 'naive',
      source: shader('part-sum/naive'),
      refuses: wantsMultiplesOf4('COUNT'),
      constants: (shape) => shape,
      grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
    },
    {
      name: 'strip',
      source: shader('part-sum/strip'),
      refuses: wantsMultiplesOf4('COUNT'),
      // Where there are many sums, each invocation has enough to do with its own.
      pays: ({ COUNT }, { fillingWorkgroups }) => COUNT / 256 < fillingWorkgroups,
      constants(shape) {
        const { COLUMNS, LANES } = treeTile(shape.COUNT / 4);
        return { ...shape, VECS: COLUMNS, LANES };
      },
      grid: ({ COUNT }) => [Math.ceil(COUNT / 4 / treeTile(COUNT / 4).COLUMNS), 1],
    },
  ],
  preferred: { gpu: ['strip'] },
});

/** partial(PARTS, N) = column sums of dy(M,N) over each part of the rows: bias-gradient for many rows. */
export const biasGradientParts = defineKernel({
  op: 'bias-gradient-parts',
  bindings: [read('dy'), readWrite('partial')],
  cost: ({ M, N, PARTS }: PartsShape) => ({ flops: M * N, bytes: 4 * (M * N + PARTS * N) }),
  variants: [
    {
      name: 'naive',
      source: shader('bias-gradient-parts/naive'),
      refuses: wantsMultiplesOf4('N'),
      constants: (shape) => ({
        ...shape,
        ROWS: rowsPerPart(shape),
      }),
      grid: ({ N, PARTS }) => [Math.ceil((PARTS * N) / 64), 1],
    },
    partsStrip<PartsShape>(shader('bias-gradient-parts/strip')),
  ],
  preferred: { gpu: ['strip'] },
});
