import { maxPoolBackward } from '../../src/kernels/pooling.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(maxPoolBackward);
