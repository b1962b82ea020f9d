import { gatherRows } from '../../src/kernels/gather-rows.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(gatherRows);
