import { leakyReluForward } from '../../src/kernels/leaky-relu.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(leakyReluForward);
