import { matmulDgrad } from '../../src/kernels/matmul.ts';
import { shuffleVariant } from '../../src/kernels/matmul-shuffle.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(matmulDgrad);
// Blocks of other sizes, of more workgroups, whose texts are short.
testEveryVariant({
  ...matmulDgrad,
  variants: [stationaryVariant('matmul-dgrad', { terms: 16, columns: 16, rows: 32 })],
});
testEveryVariant({
  ...matmulDgrad,
  variants: [shuffleVariant('matmul-dgrad', { terms: 16, columns: 32, rows: 16 })],
});
