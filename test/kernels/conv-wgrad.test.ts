import { convWgrad } from '../../src/kernels/convolution.ts';
import { stationaryWgrad } from '../../src/kernels/convolution-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convWgrad);
// Blocks of fewer terms, whose text is short: several of them for one row of the filter, or of pixels.
testEveryVariant({ ...convWgrad, variants: [stationaryWgrad(256)] });
