import { stepEnd } from '../../src/kernels/step-end.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(stepEnd, [1, 2, 3]);
