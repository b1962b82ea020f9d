import { netTail } from '../../src/kernels/net-tail.ts';
import { testEveryVariant } from './every-variant.ts';

testEveryVariant(netTail, { seeds: [1, 2] });
