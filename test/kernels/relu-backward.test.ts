import { reluBackward } from '../../src/kernels/relu.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(reluBackward);
