import { batchNormDx } from '../../src/kernels/batch-norm-parts.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(batchNormDx);
