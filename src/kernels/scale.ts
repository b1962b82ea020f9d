import { elementwise } from './elementwise.ts';
import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

export type ScaleShape = { readonly COUNT: number; readonly FACTOR: number };

/** y = FACTOR · x, and likewise dx of dy. */
export const scale = defineKernel({
  op: 'scale',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ScaleShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [elementwise(shader('scale/naive'))],
});
