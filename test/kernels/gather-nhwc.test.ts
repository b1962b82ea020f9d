import { gatherNhwc } from '../../src/kernels/gather-nhwc.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(gatherNhwc);
