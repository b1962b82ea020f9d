import { convDgrad } from '../../src/kernels/convolution.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convDgrad);
