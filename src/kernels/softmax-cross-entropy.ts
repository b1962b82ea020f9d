import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

export type SoftmaxCrossEntropyShape = {
  readonly M: number;
  readonly CLASSES: number;
  /** Columns of a row of logits, CLASSES or more. */
  readonly LD: number;
  /** Samples of a whole pass: rows beyond it count nothing. 2^32 - 1 where every batch is full. */
  readonly TOTAL: number;
  /** Label smoothing: weight of the uniform distribution in the target, 0 to below 1. */
  readonly SMOOTHING: number;
};

/** Per row: loss, hit and the gradient of the mean loss, against (1 - SMOOTHING) · onehot + SMOOTHING / CLASSES. */
export const softmaxCrossEntropy = defineKernel({
  op: 'softmax-cross-entropy',
  bindings: [
    read('logits'),
    read('labels'),
    read('counters'),
    readWrite('dlogits'),
    readWrite('rowLoss'),
    readWrite('rowHit'),
  ],
  cost: ({ M, LD }: SoftmaxCrossEntropyShape) => ({ flops: 12 * M * LD, bytes: 8 * M * LD }),
  variants: [
    {
      name: 'naive',
      source: shader('softmax-cross-entropy/naive'),
      constants: (shape) => shape,
      grid: ({ M }) => [Math.ceil(M / 16), 1],
    },
  ],
});
