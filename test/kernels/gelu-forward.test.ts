import { geluForward } from '../../src/kernels/gelu.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(geluForward);
