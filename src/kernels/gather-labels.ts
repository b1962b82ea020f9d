import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

export type GatherLabelsShape = {
  /** Samples of a batch. */
  readonly B: number;
  /** Entries of `order` per replica. */
  readonly ORDER: number;
  readonly STEPS_PER_EPOCH: number;
};

/** labels(B) of this step's samples, where the first layer fetches the images itself. */
export const gatherLabels = defineKernel({
  op: 'gather-labels',
  bindings: [read('imageLabels'), read('order'), read('counters'), readWrite('labels')],
  cost: ({ B }: GatherLabelsShape) => ({ flops: 0, bytes: 9 * B }),
  variants: [
    {
      name: 'naive',
      source: shader('gather-labels/naive'),
      constants: ({ B, ORDER, STEPS_PER_EPOCH }) => ({ B, ORDER, STEPS_PER_EPOCH }),
      grid: ({ B }) => [Math.ceil(B / 64), 1],
    },
  ],
});
