import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

/** Logits (M, LD) of each of VIEWS views of M images. */
export type ViewAverageShape = { readonly M: number; readonly LD: number; readonly VIEWS: number };

/** mean(M, LD): the weighted sum of the logits over the views. */
export const viewAverage = defineKernel({
  op: 'view-average',
  bindings: [read('logits'), read('weights'), readWrite('mean')],
  cost: ({ M, LD, VIEWS }: ViewAverageShape) => ({
    flops: 2 * VIEWS * M * LD,
    bytes: 4 * (VIEWS + 1) * M * LD,
  }),
  variants: [
    {
      name: 'naive',
      source: shader('view-average/naive'),
      refuses: wantsMultiplesOf4('LD'),
      constants: (shape) => shape,
      grid: ({ M, LD }) => [Math.ceil((M * LD) / 4 / 64), 1],
    },
  ],
});
