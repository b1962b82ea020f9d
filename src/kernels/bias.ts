import naive from '../../shaders/bias-gradient/naive.wgsl?raw';
import { defineKernel, read, readWrite } from './kernel.ts';

/** db(N) = column sums of dy(M,N). */
export const biasGradient = defineKernel({
  op: 'bias-gradient',
  bindings: [read('dy'), readWrite('db')],
  cost: ({ M, N }: { readonly M: number; readonly N: number }) => ({ flops: M * N, bytes: 4 * (M * N + N) }),
  variants: [
    { name: 'naive', source: naive, constants: (shape) => shape, grid: ({ N }) => [Math.ceil(N / 8), 1] },
  ],
});
