import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

/** Values of a replica. */
export type LookaheadShape = { readonly COUNT: number };

/** In steps of which the table says so: slow += (1 - keep) · (fast - slow), fast = slow. */
export const lookahead = defineKernel({
  op: 'lookahead',
  bindings: [read('keeps'), read('counters'), readWrite('slow'), readWrite('fast')],
  cost: ({ COUNT }: LookaheadShape) => ({ flops: 3 * COUNT, bytes: 16 * COUNT }),
  variants: [
    {
      name: 'vec4',
      source: shader('lookahead/vec4'),
      refuses: wantsMultiplesOf4('COUNT'),
      constants: (shape) => shape,
      grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
    },
  ],
});
