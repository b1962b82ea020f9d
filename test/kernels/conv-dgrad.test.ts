import { convDgrad } from '../../src/kernels/convolution.ts';
import { stationaryDgrad } from '../../src/kernels/convolution-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convDgrad);
// Blocks of fewer terms, whose text is short: several of them for one row of the filter, or of pixels.
testEveryVariant({ ...convDgrad, variants: [stationaryDgrad(256)] });
