import { gather } from '../../src/kernels/gather.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(gather);
