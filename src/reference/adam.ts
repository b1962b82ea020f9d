/**
 * adam: flat arrays of equal length, the L2 term in the gradient (as PyTorch's `weight_decay`); with weightDecay AdamW.
 *
 *     g  = dw + 2 lambda w                       where `decayed` is not 0
 *     mu <- b1 mu + (1 - b1) g                   nu <- b2 nu + (1 - b2) g^2
 *     w  <- (1 - learningRate weightDecay) w - learningRate (mu / biasCorrection1) / (sqrt(nu / biasCorrection2) + eps)
 *     biasCorrection1 = 1 - b1^step              biasCorrection2 = 1 - b2^step        step = 1, 2, ...
 *
 * Source: Kingma & Ba 2015, https://arxiv.org/abs/1412.6980; eps outside the root of the corrected nu, as in PyTorch.
 * AdamW: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101.
 */
import { expectLength, type Numbers } from './numbers.ts';
import { absAddL2, addL2 } from './sgd.ts';

/** Settings of one update. */
export interface AdamSettings {
  readonly learningRate: number;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  /** Decoupled decay; 0 unless given. */
  readonly weightDecay?: number;
  /** The number of this update; the first is 1. */
  readonly step: number;
}

/** Parameters and moments. */
export interface AdamState {
  readonly w: Float64Array;
  readonly mu: Float64Array;
  readonly nu: Float64Array;
}

function biasCorrections({ b1, b2, step }: AdamSettings): [number, number] {
  if (!(step >= 1)) throw new RangeError(`adam: step counts from 1, got ${step}`);
  return [1 - b1 ** step, 1 - b2 ** step];
}

/** New w, mu and nu from the old ones and dw, the gradient of the mean loss alone. */
export function adam(
  w: Numbers,
  dw: Numbers,
  mu: Numbers,
  nu: Numbers,
  decayed: Numbers,
  settings: AdamSettings,
): AdamState {
  expectLength('adam', 'mu', mu, w.length);
  expectLength('adam', 'nu', nu, w.length);
  const { learningRate, lambda, b1, b2, eps, weightDecay = 0 } = settings;
  const [biasCorrection1, biasCorrection2] = biasCorrections(settings);
  const g = addL2(dw, w, decayed, lambda);
  const newMu = g.map((gradient, i) => b1 * mu[i]! + (1 - b1) * gradient);
  const newNu = g.map((gradient, i) => b2 * nu[i]! + (1 - b2) * gradient ** 2);
  const newW = newMu.map((m, i) => {
    const denominator = Math.sqrt(newNu[i]! / biasCorrection2) + eps;
    return (1 - learningRate * weightDecay) * w[i]! - (learningRate * (m / biasCorrection1)) / denominator;
  });
  return { w: newW, mu: newMu, nu: newNu };
}

/**
 * Scales of `adam`'s results: a float32 computation errs by at most `c 2^-24 scale` (`sumBound` with `terms` = 1). With
 * G = |dw| + 2 lambda |w| for the possible cancellation in g:
 *
 *     mu   M = b1 |mu| + (1 - b1) G
 *     nu   V = b2 nu + (1 - b2) G^2
 *     w    |w| (1 + 2 learningRate weightDecay) + learningRate / biasCorrection1 (2 M / denominator + |mu| D / denominator^2),
 *          D = 4 root + (sqrt((nu + delta) / biasCorrection2) - root) / 2^-21,   delta = 2^-21 V + 2^-126
 *
 * D is the error of the root: its own rounding (WGSL's sqrt is 1 / inverseSqrt: 2 and 2.5 ULP), and nu's error
 * through a secant, because the derivative of the root is infinite at 0; 2^-126 for a nu that is flushed to 0. The
 * secant's 2^-21 is that of c = 8.
 */
export function absAdam(
  w: Numbers,
  dw: Numbers,
  mu: Numbers,
  nu: Numbers,
  decayed: Numbers,
  settings: AdamSettings,
): AdamState {
  const { learningRate, lambda, b1, b2, eps, weightDecay = 0 } = settings;
  const [biasCorrection1, biasCorrection2] = biasCorrections(settings);
  const exact = adam(w, dw, mu, nu, decayed, settings);
  const G = absAddL2(dw, w, decayed, lambda);
  const M = G.map((gradient, i) => b1 * Math.abs(mu[i]!) + (1 - b1) * gradient);
  const V = G.map((gradient, i) => b2 * nu[i]! + (1 - b2) * gradient ** 2);
  const unit = 2 ** -21;
  const W = M.map((m, i) => {
    const root = Math.sqrt(exact.nu[i]! / biasCorrection2);
    const delta = unit * V[i]! + 2 ** -126;
    const D = 4 * root + (Math.sqrt((exact.nu[i]! + delta) / biasCorrection2) - root) / unit;
    const denominator = root + eps;
    const ratio = (2 * m) / denominator + (Math.abs(exact.mu[i]!) * D) / denominator ** 2;
    const shrunk = Math.abs(w[i]!) * (1 + 2 * learningRate * weightDecay);
    return shrunk + (learningRate / biasCorrection1) * ratio;
  });
  return { w: W, mu: M, nu: V };
}
