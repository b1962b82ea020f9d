import { gatherMatmulWgrad } from '../../src/kernels/gather-matmul.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(gatherMatmulWgrad);
