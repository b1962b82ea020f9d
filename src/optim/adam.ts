import { call } from '../kernels/call.ts';
import { adam as kernel } from '../kernels/optimizers.ts';
import type { OptimizerKind } from './optimizer.ts';

/** The moments' settings, of Adam and AdamW. */
export interface Moments {
  /** Weight of the old first moment. */
  readonly b1: number;
  /** Weight of the old second moment. */
  readonly b2: number;
  /** Added to the root of the corrected second moment. */
  readonly eps: number;
}

/** Kingma & Ba 2015, https://arxiv.org/abs/1412.6980 */
export interface AdamSpec extends Moments {
  readonly kind: 'adam';
}

/** PyTorch's defaults, which are the paper's. */
export const defaultMoments: Moments = { b1: 0.9, b2: 0.999, eps: 1e-8 };

/** Of an old moment. At 1 nothing new would enter it, and the bias correction would divide by 0. */
export const momentWeights = [0, 0.999999] as const;

export const momentOptions = [
  { name: 'b1', what: 'weight of the old first moment', range: momentWeights },
  { name: 'b2', what: 'weight of the old second moment', range: momentWeights },
] as const;

/** biasCorrection1 and 2 of update t + 1. */
export const biasCorrections = ({ b1, b2 }: Moments, t: number): readonly number[] => [
  1 - b1 ** (t + 1),
  1 - b2 ** (t + 1),
];

/** The update of both; AdamW's decay is the one difference. */
export const adamUpdate =
  <S extends Moments & { readonly kind: 'adam' | 'adamw' }>(decayOf: (spec: S) => number) =>
  (...[spec, sizes, tensors, state]: Parameters<OptimizerKind<S>['update']>) => {
    const { b1, b2, eps, kind } = spec;
    const shape = { ...sizes, WEIGHT_DECAY: decayOf(spec), B1: b1, B2: b2, EPS: eps };
    return call(kind, kernel, shape, { ...tensors, mu: state.mu!, nu: state.nu! });
  };

export const adam: OptimizerKind<AdamSpec> = {
  kind: 'adam',
  title: 'Adam',
  defaults: { kind: 'adam', ...defaultMoments },
  options: momentOptions,
  state: () => ['mu', 'nu'],
  perStep: biasCorrections,
  update: adamUpdate(() => 0),
};
