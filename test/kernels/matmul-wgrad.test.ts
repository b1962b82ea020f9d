import { matmulWgrad } from '../../src/kernels/matmul.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(matmulWgrad);
// A block of another size, of more workgroups, whose text is short.
testEveryVariant({
  ...matmulWgrad,
  variants: [stationaryVariant('matmul-wgrad', { terms: 16, columns: 16, rows: 32 })],
});
