import backwardNaive from '../../shaders/gelu-backward/naive.wgsl?raw';
import forwardNaive from '../../shaders/gelu-forward/naive.wgsl?raw';
import { defineKernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import type { ElementwiseShape } from './relu.ts';

const naive = (source: string): Variant<ElementwiseShape> => ({
  name: 'naive',
  source,
  refuses: wantsMultiplesOf4('COUNT'),
  constants: (shape) => shape,
  grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
});

/** y = x·Phi(x), exact (not the tanh form), within 1e-6; behind a batch norm it is part of its pass. */
export const geluForward = defineKernel({
  op: 'gelu-forward',
  bindings: [read('x'), readWrite('y')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: 20 * COUNT, bytes: 8 * COUNT }),
  variants: [naive(forwardNaive)],
});

/** dx = dy·(Phi(x) + x·phi(x)). */
export const geluBackward = defineKernel({
  op: 'gelu-backward',
  bindings: [read('dy'), read('x'), readWrite('dx')],
  cost: ({ COUNT }: ElementwiseShape) => ({ flops: 23 * COUNT, bytes: 12 * COUNT }),
  variants: [naive(backwardNaive)],
});
