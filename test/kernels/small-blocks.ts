import { shuffleDgrad, shuffleForward, shuffleWgrad } from '../../src/kernels/convolution-shuffle.ts';
import {
  stationaryDgrad,
  stationaryForward,
  stationaryWgrad,
} from '../../src/kernels/convolution-stationary.ts';
import type { Variant } from '../../src/kernels/kernel.ts';
import { shuffleVariant } from '../../src/kernels/matmul-shuffle.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';

const products = ['matmul-forward', 'matmul-wgrad', 'matmul-dgrad'] as const;

/** Variants that hold a block, with smaller ones: their text is short, and several blocks meet in one product. By the name's start and the op. */
export const smallBlocks: Readonly<Record<string, Readonly<Record<string, readonly Variant<never>[]>>>> = {
  stationary: {
    ...Object.fromEntries(
      products.map((op) => [op, [stationaryVariant(op, { terms: 16, columns: 16, rows: 32 })]]),
    ),
    'conv-forward': [stationaryForward(256)],
    'conv-wgrad': [stationaryWgrad(256), stationaryWgrad(960)],
    'conv-dgrad': [stationaryDgrad(256)],
  },
  shuffle: {
    ...Object.fromEntries(
      products.map((op) => [op, [shuffleVariant(op, { terms: 16, columns: 32, rows: 16 })]]),
    ),
    'conv-forward': [shuffleForward({ terms: 16, rows: 16 })],
    'conv-wgrad': [shuffleWgrad({ terms: 16, rows: 16 })],
    'conv-dgrad': [shuffleDgrad({ terms: 16, rows: 16 })],
  },
};
