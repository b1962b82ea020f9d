import lookaheadVec4 from '../../shaders/lookahead/vec4.wgsl?raw';
import { defineKernel, read, readWrite, wantsMultiplesOf4 } from './kernel.ts';

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
      source: lookaheadVec4,
      refuses: wantsMultiplesOf4('COUNT'),
      constants: (shape) => shape,
      grid: ({ COUNT }) => [Math.ceil(COUNT / 256), 1],
    },
  ],
});
