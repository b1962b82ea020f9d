import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

/** db(N) = column sums of dy(M,N). */
export const biasGradient = defineKernel({
  op: 'bias-gradient',
  bindings: [read('dy'), readWrite('db')],
  cost: ({ M, N }: { readonly M: number; readonly N: number }) => ({ flops: M * N, bytes: 4 * (M * N + N) }),
  variants: [
    {
      name: 'naive',
      source: shader('bias-gradient/naive'),
      constants: (shape) => shape,
      grid: ({ N }) => [Math.ceil(N / 8), 1],
    },
  ],
});
