import { convForward } from '../../src/kernels/convolution.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convForward);
