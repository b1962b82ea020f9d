import { biasGradient } from '../../src/kernels/bias.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(biasGradient);
