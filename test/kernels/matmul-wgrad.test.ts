import { matmulWgrad } from '../../src/kernels/matmul.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(matmulWgrad);
