import { gatherLabels } from '../../src/kernels/gather-labels.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(gatherLabels);
