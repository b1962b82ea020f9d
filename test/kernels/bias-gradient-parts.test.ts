import { biasGradientParts } from '../../src/kernels/parts.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(biasGradientParts);
