import { averagePoolForward } from '../../src/kernels/pooling.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(averagePoolForward);
