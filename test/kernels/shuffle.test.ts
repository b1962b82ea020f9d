// Convolutions by shuffles of eight lanes: apart from the other variants, which lavapipe, the adapter that they are made for, takes minutes to compile.
import { convDgrad, convForward, convWgrad } from '../../src/kernels/convolution.ts';
import { shuffleDgrad, shuffleForward, shuffleWgrad } from '../../src/kernels/convolution-shuffle.ts';
import { testEveryVariant } from './every-variant.ts';

// Blocks of few terms and rows, whose texts are short: several of them in every product.
const small = { terms: 16, rows: 16 };
testEveryVariant({ ...convForward, variants: [shuffleForward(small)] }, { isShort: true });
testEveryVariant({ ...convWgrad, variants: [shuffleWgrad(small)] }, { isShort: true });
testEveryVariant({ ...convDgrad, variants: [shuffleDgrad(small)] }, { isShort: true });
