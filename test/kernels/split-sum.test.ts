import { splitSum } from '../../src/kernels/matmul.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(splitSum);
