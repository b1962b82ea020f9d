import { lookahead } from '../../src/kernels/lookahead.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(lookahead);
