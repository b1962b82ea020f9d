import { convForward } from '../../src/kernels/convolution.ts';
import { stationaryForward } from '../../src/kernels/convolution-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convForward);
// Blocks of fewer terms, whose text is short: several of them for one row of the filter, or of pixels.
testEveryVariant({ ...convForward, variants: [stationaryForward(256)] });
