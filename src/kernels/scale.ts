import scaleNaive from '../../shaders/scale/naive.wgsl?raw';
import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';

export type ScaleShape = { readonly COUNT: number; readonly FACTOR: number };

/** y = FACTOR · x, and likewise dx of dy. */
export const scale = defineKernel({
  op: 'scale',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ScaleShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [
    {
      name: 'naive',
      source: scaleNaive,
      refuses: wantsMultiplesOf4('COUNT'),
      constants: (shape) => shape,
      grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
    },
  ],
});
