/** relu: y = max(x, 0); the derivative at 0 is 0, as in PyTorch. Both directions are exact in float32. */
import { expectLength, type Numbers } from './numbers.ts';

/** y = max(x, 0), any shape. */
export function relu(x: Numbers): Float64Array {
  return Float64Array.from(x, (value) => Math.max(value, 0));
}

/** dx = dy where x > 0, else 0. `x` may be the input or the output of `relu`: the condition is the same. */
export function reluBackward(dy: Numbers, x: Numbers): Float64Array {
  expectLength('reluBackward', 'dy', dy, x.length);
  return Float64Array.from(dy, (value, i) => (x[i]! > 0 ? value : 0));
}
