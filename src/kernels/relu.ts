import { type ElementwiseShape, elementwise } from './elementwise.ts';
import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

/** y = max(x, 0) for nets without batch norm; elsewhere it is part of the batch norm's pass. */
export const reluForward = defineKernel({
  op: 'relu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [elementwise(shader('relu-forward/naive'))],
});

/** dx = dy where x > 0; the derivative at 0 is 0. */
export const reluBackward = defineKernel({
  op: 'relu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 12 * COUNT }),
  variants: [elementwise(shader('relu-backward/naive'))],
});
