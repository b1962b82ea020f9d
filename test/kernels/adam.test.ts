import { adam } from '../../src/kernels/optimizers.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(adam);
