import { batchNormBackward } from '../../src/kernels/batch-norm.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(batchNormBackward);
