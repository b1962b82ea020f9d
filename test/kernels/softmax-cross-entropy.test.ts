import { softmaxCrossEntropy } from '../../src/kernels/softmax-cross-entropy.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(softmaxCrossEntropy, { seeds: [1, 2, 3] });
