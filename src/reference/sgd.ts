/**
 * sgd: w <- w - learningRate (dw + 2 lambda w), the second term (of the cost lambda sum w^2) where `decayed` is not 0.
 * Flat arrays of equal length: a whole net's parameters, or one tensor.
 */
import { expectLength, type Numbers } from './numbers.ts';

/** Settings of one update. */
export interface SgdSettings {
  readonly learningRate: number;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
}

/**
 * The gradient of the cost: g = dw + 2 lambda w where `decayed` is not 0, else dw.
 * @param dw gradient of the mean loss alone
 * @param decayed not 0 for elements of weight matrices, 0 for biases, gamma and beta
 */
export function addL2(dw: Numbers, w: Numbers, decayed: Numbers, lambda: number): Float64Array {
  expectLength('addL2', 'w', w, dw.length);
  expectLength('addL2', 'decayed', decayed, dw.length);
  return Float64Array.from(dw, (gradient, i) => (decayed[i] ? gradient + 2 * lambda * w[i]! : gradient));
}

/** |dw| + 2 lambda |w|: the size of `addL2`'s terms. */
export function absAddL2(dw: Numbers, w: Numbers, decayed: Numbers, lambda: number): Float64Array {
  return addL2(Float64Array.from(dw, Math.abs), Float64Array.from(w, Math.abs), decayed, lambda);
}

/** New w. Arguments as in `addL2`. */
export function sgd(w: Numbers, dw: Numbers, decayed: Numbers, settings: SgdSettings): Float64Array {
  const g = addL2(dw, w, decayed, settings.lambda);
  return g.map((gradient, i) => w[i]! - settings.learningRate * gradient);
}

/** |w| + learningRate (|dw| + 2 lambda |w|): the scale of `sgd`'s rounding error. */
export function absSgd(w: Numbers, dw: Numbers, decayed: Numbers, settings: SgdSettings): Float64Array {
  const g = absAddL2(dw, w, decayed, settings.lambda);
  return g.map((gradient, i) => Math.abs(w[i]!) + settings.learningRate * gradient);
}
