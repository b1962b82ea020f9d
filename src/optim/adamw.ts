import { adamUpdate, biasCorrections, defaultMoments, type Moments, momentOptions } from './adam.ts';
import type { OptimizerKind } from './optimizer.ts';

/** Adam with decoupled weight decay: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, as PyTorch defines it. */
export interface AdamWSpec extends Moments {
  readonly kind: 'adamw';
  /** Every parameter shrinks by this times the learning rate, before the update. */
  readonly weightDecay: number;
}

export const adamw: OptimizerKind<AdamWSpec> = {
  kind: 'adamw',
  title: 'AdamW',
  defaults: { kind: 'adamw', ...defaultMoments, weightDecay: 0.01 },
  options: [
    ...momentOptions,
    { name: 'weightDecay', what: 'every parameter shrinks by this times the learning rate', range: [0, 1] },
  ],
  state: () => ['mu', 'nu'],
  perStep: biasCorrections,
  update: adamUpdate(({ weightDecay }) => weightDecay),
};
