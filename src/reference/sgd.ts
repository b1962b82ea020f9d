/**
 * sgd, as PyTorch has it (torch.optim.SGD), with the L2 term of the cost lambda sum w^2 where `decayed` is not 0:
 *
 *     g <- dw + 2 lambda w + weightDecay w        velocity <- momentum velocity + g
 *     w <- w - learningRate velocity              with nesterov: w - learningRate (g + momentum velocity)
 *
 * Flat arrays of equal length: a whole net's parameters, or one tensor.
 */
import { expectLength, type Numbers } from './numbers.ts';

/** Settings of one update. */
export interface SgdSettings {
  readonly learningRate: number;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
  /** 0 unless given: there is no velocity then. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Times w, added to every gradient; 0 unless given. */
  readonly weightDecay?: number;
}

/** Parameters and velocity. */
export interface SgdState {
  readonly w: Float64Array;
  /** As it was where there is no momentum. */
  readonly velocity: Float64Array;
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

/** What is updated: parameters, the gradient of the mean loss alone, the velocity, and which elements decay. */
export interface SgdInput {
  readonly w: Numbers;
  readonly dw: Numbers;
  readonly velocity: Numbers;
  readonly decayed: Numbers;
}

/** New w and velocity. */
export function sgd({ w, dw, velocity, decayed }: SgdInput, settings: SgdSettings): SgdState {
  const { learningRate, lambda, momentum = 0, nesterov = false, weightDecay = 0 } = settings;
  const g = addL2(dw, w, decayed, lambda).map((gradient, i) => gradient + weightDecay * w[i]!);
  const v = g.map((gradient, i) => momentum * velocity[i]! + gradient);
  const direction = nesterov ? g.map((gradient, i) => gradient + momentum * v[i]!) : v;
  return {
    w: direction.map((step, i) => w[i]! - learningRate * step),
    velocity: momentum === 0 ? Float64Array.from(velocity) : v,
  };
}

/** The scale of `sgd`'s rounding errors: the same sums, of absolute values. */
export function absSgd({ w, dw, velocity, decayed }: SgdInput, settings: SgdSettings): SgdState {
  const abs = (values: Numbers) => Float64Array.from(values, Math.abs);
  const sizes = { w: abs(w), dw: abs(dw), velocity: abs(velocity), decayed };
  // -learningRate adds up what is subtracted.
  return sgd(sizes, { ...settings, learningRate: -settings.learningRate });
}
