import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

/** Sums losses and hits of the step into the history, checks that the loss is finite, counts the step. */
export const stepEnd = defineKernel({
  op: 'step-end',
  bindings: [read('rowLoss'), read('rowHit'), readWrite('history'), readWrite('counters')],
  cost: ({ M }: { readonly M: number; readonly HISTORY: number }) => ({ flops: 2 * M, bytes: 8 * M }),
  variants: [
    { name: 'naive', source: shader('step-end/naive'), constants: (shape) => shape, grid: () => [1, 1] },
  ],
});
