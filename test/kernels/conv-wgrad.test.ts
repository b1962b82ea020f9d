import { convWgrad } from '../../src/kernels/convolution.ts';
import { stationaryWgrad } from '../../src/kernels/convolution-stationary.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(convWgrad);
// Blocks of fewer terms, whose text is short: several of them for one row of pixels, or several rows in one.
for (const held of [64, 256, 960]) testEveryVariant({ ...convWgrad, variants: [stationaryWgrad(held)] });
