// Convolutions by shuffles of eight lanes: apart from the other variants, which lavapipe, the adapter that they are made for, takes minutes to compile.
import { convDgrad, convForward, convWgrad } from '../../src/kernels/convolution.ts';
import { shuffleDgrad, shuffleForward, shuffleWgrad } from '../../src/kernels/convolution-shuffle.ts';
import { testEveryVariant } from './every-variant.ts';

// Blocks of fewer terms too: several of them for one pixel.
testEveryVariant({ ...convForward, variants: [shuffleForward()] });
testEveryVariant({ ...convForward, variants: [shuffleForward(16)] });
testEveryVariant({ ...convWgrad, variants: [shuffleWgrad()] });
testEveryVariant({ ...convWgrad, variants: [shuffleWgrad(16)] });
testEveryVariant({ ...convDgrad, variants: [shuffleDgrad()] });
testEveryVariant({ ...convDgrad, variants: [shuffleDgrad(16)] });
