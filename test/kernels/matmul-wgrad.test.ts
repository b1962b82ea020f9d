import { matmulWgrad } from '../../src/kernels/matmul.ts';
import { shuffleVariant } from '../../src/kernels/matmul-shuffle.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(matmulWgrad);
// Blocks of other sizes, of more workgroups, whose texts are short.
testEveryVariant({
  ...matmulWgrad,
  variants: [stationaryVariant('matmul-wgrad', { terms: 16, columns: 16, rows: 32 })],
});
testEveryVariant({
  ...matmulWgrad,
  variants: [shuffleVariant('matmul-wgrad', { terms: 16, columns: 32, rows: 16 })],
});
