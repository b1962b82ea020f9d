import { partSum } from '../../src/kernels/parts.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(partSum);
