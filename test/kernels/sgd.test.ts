import { sgd } from '../../src/kernels/optimizers.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(sgd);
