import backwardNaive from '../../shaders/relu-backward/naive.wgsl?raw';
import forwardNaive from '../../shaders/relu-forward/naive.wgsl?raw';
import { defineKernel, read, readWrite } from './kernel.ts';

export type ElementwiseShape = { readonly COUNT: number };

const grid = ({ COUNT }: ElementwiseShape): readonly [number, number] => [Math.ceil(COUNT / 64), 1];

/** y = max(x, 0) for nets without batch norm; elsewhere it is part of the batch norm's pass. */
export const reluForward = defineKernel({
  op: 'relu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [{ name: 'naive', source: forwardNaive, constants: (shape) => shape, grid }],
});

/** dx = dy where x > 0; the derivative at 0 is 0. */
export const reluBackward = defineKernel({
  op: 'relu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 12 * COUNT }),
  variants: [{ name: 'naive', source: backwardNaive, constants: (shape) => shape, grid }],
});
