import { matmulDgrad } from '../../src/kernels/matmul.ts';
import { stationaryVariant } from '../../src/kernels/matmul-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(matmulDgrad);
// A block of another size, of more workgroups, whose text is short.
testEveryVariant({
  ...matmulDgrad,
  variants: [stationaryVariant('matmul-dgrad', { terms: 16, columns: 16, rows: 32 })],
});
