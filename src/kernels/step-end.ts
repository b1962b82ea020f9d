import naive from '../../shaders/step-end/naive.wgsl?raw';
import { type Kernel, read, readWrite } from './kernel.ts';

/** Sums losses and hits of the step into the history, checks that the loss is finite, counts the step. */
export const stepEnd: Kernel<{ readonly M: number; readonly HISTORY: number }> = {
  op: 'step-end',
  bindings: [read('rowLoss'), read('rowHit'), readWrite('history'), readWrite('counters')],
  cost: ({ M }) => ({ flops: 2 * M, bytes: 8 * M }),
  variants: [{ name: 'naive', source: naive, constants: (shape) => shape, grid: () => [1, 1] }],
};
