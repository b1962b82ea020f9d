/** leaky-relu: y = x where x > 0, slope x elsewhere; the derivative at 0 is the slope, as PyTorch's. */
import { expectLength, type Numbers } from './numbers.ts';

/** Any shape. */
export const leakyRelu = (x: Numbers, slope: number): Float64Array =>
  Float64Array.from(x, (value) => (value > 0 ? value : slope * value));

/** dx = dy where x > 0, slope dy elsewhere. */
export function leakyReluBackward(dy: Numbers, x: Numbers, slope: number): Float64Array {
  expectLength('leakyReluBackward', 'dy', dy, x.length);
  return Float64Array.from(dy, (value, i) => (x[i]! > 0 ? value : slope * value));
}
