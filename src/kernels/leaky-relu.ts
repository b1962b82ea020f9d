import { elementwise } from './elementwise.ts';
import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

export type LeakyReluShape = { readonly COUNT: number; readonly SLOPE: number };

/** y = x where x > 0, SLOPE · x elsewhere. */
export const leakyReluForward = defineKernel({
  op: 'leaky-relu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: LeakyReluShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [elementwise(shader('leaky-relu-forward/naive'))],
});

/** dx = dy where x > 0, SLOPE · dy elsewhere, at 0 too. */
export const leakyReluBackward = defineKernel({
  op: 'leaky-relu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: LeakyReluShape) => ({ flops: COUNT, bytes: 12 * COUNT }),
  variants: [elementwise(shader('leaky-relu-backward/naive'))],
});
