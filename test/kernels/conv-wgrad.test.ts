import { convWgrad } from '../../src/kernels/convolution.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convWgrad);
