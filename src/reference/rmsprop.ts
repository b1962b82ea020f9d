/** rmsprop: g = dw + 2 lambda w where `decayed`; nu <- b2 nu + (1 - b2) g^2; w <- w - learningRate g / (sqrt(nu) + eps), as PyTorch's RMSprop. */
import { expectLength, type Numbers } from './numbers.ts';
import { addL2 } from './sgd.ts';

export interface RmspropSettings {
  readonly learningRate: number;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
  readonly b2: number;
  readonly eps: number;
}

/** New w and nu from the old ones and dw, the gradient of the mean loss alone. */
export function rmsprop(
  { w, dw, nu, decayed }: Readonly<Record<'w' | 'dw' | 'nu' | 'decayed', Numbers>>,
  { learningRate, lambda, b2, eps }: RmspropSettings,
): { readonly w: Float64Array; readonly nu: Float64Array } {
  expectLength('rmsprop', 'nu', nu, w.length);
  const g = addL2(dw, w, decayed, lambda);
  const newNu = g.map((gradient, i) => b2 * nu[i]! + (1 - b2) * gradient ** 2);
  return {
    w: g.map((gradient, i) => w[i]! - (learningRate * gradient) / (Math.sqrt(newNu[i]!) + eps)),
    nu: newNu,
  };
}
