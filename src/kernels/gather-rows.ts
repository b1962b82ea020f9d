import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

export type GatherRowsShape = {
  /** Samples of a batch. */
  readonly B: number;
  /** Values of a row, padded. */
  readonly LD: number;
  /** Entries of `order` per replica. */
  readonly ORDER: number;
  readonly STEPS_PER_EPOCH: number;
};

/** x(B,LD) and labels(B) of this step's samples, from rows kept as float32. */
export const gatherRows = defineKernel({
  op: 'gather-rows',
  bindings: [
    read('rows'),
    read('rowLabels'),
    read('order'),
    read('counters'),
    readWrite('x'),
    readWrite('labels'),
  ],
  cost: ({ B, LD }: GatherRowsShape) => ({ flops: 0, bytes: 8 * B * LD }),
  variants: [
    {
      name: 'naive',
      source: shader('gather-rows/naive'),
      refuses: wantsMultiplesOf4<GatherRowsShape>('LD'),
      constants: (shape) => shape,
      grid: ({ B, LD }) => [Math.ceil(LD / 16), Math.ceil(B / 16)],
    },
  ],
});
