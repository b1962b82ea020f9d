import { viewAverage } from '../../src/kernels/view-average.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(viewAverage);
