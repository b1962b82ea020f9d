import { scale } from '../../src/kernels/scale.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(scale);
