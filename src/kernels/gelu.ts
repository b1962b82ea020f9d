import { type ElementwiseShape, elementwise } from './elementwise.ts';
import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

/** y = x·Phi(x), exact (not the tanh form), within 1e-6; behind a batch norm it is part of its pass. */
export const geluForward = defineKernel({
  op: 'gelu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: 20 * COUNT, bytes: 8 * COUNT }),
  variants: [elementwise(shader('gelu-forward/naive'))],
});

/** dx = dy·(Phi(x) + x·phi(x)). */
export const geluBackward = defineKernel({
  op: 'gelu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: 23 * COUNT, bytes: 12 * COUNT }),
  variants: [elementwise(shader('gelu-backward/naive'))],
});
