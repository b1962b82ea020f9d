import { batchNormForward } from '../../src/kernels/batch-norm.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(batchNormForward, [1, 2]);
