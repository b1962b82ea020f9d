import backwardNaive from '../../shaders/relu-backward/naive.wgsl?raw';
import backwardVec4 from '../../shaders/relu-backward/vec4.wgsl?raw';
import forwardNaive from '../../shaders/relu-forward/naive.wgsl?raw';
import forwardVec4 from '../../shaders/relu-forward/vec4.wgsl?raw';
import { defineKernel, folded, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';

export type ElementwiseShape = { readonly COUNT: number };

const naive = (source: string): Variant<ElementwiseShape> => ({
  name: 'naive',
  source,
  constants: (shape) => shape,
  grid: ({ COUNT }) => [Math.ceil(COUNT / 64), 1],
});

/** Four elements per invocation, and a grid in two dimensions: any number of elements that is a multiple of 4. */
export const elementwiseVec4 = (name: string, source: string): Variant<ElementwiseShape> => ({
  name,
  source,
  refuses: wantsMultiplesOf4('COUNT'),
  constants: ({ COUNT }) => ({ COUNT, GRID_X: folded(Math.ceil(COUNT / 256))[0] }),
  grid: ({ COUNT }) => folded(Math.ceil(COUNT / 256)),
});

/** y = max(x, 0) for nets without batch norm; elsewhere it is part of the batch norm's pass. */
export const reluForward = defineKernel({
  op: 'relu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 8 * COUNT }),
  variants: [naive(forwardNaive), elementwiseVec4('vec4', forwardVec4)],
});

/** dx = dy where x > 0; the derivative at 0 is 0. */
export const reluBackward = defineKernel({
  op: 'relu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: COUNT, bytes: 12 * COUNT }),
  variants: [naive(backwardNaive), elementwiseVec4('vec4', backwardVec4)],
});
