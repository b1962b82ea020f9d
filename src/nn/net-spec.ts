/** A net as plain data: what `makeModel` (model.ts) allocates and `trainingPass` (net.ts) turns into kernel calls. */

/** Options of batch normalisation (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167). */
export interface BatchNormSpec {
  /** Where it stands: between linear and ReLU, or after the ReLU. */
  readonly order: 'before-relu' | 'after-relu';
  /** Added to the variance before the square root. */
  readonly eps: number;
  /** Weight of the NEW batch in the running statistics, as in PyTorch. */
  readonly statsMomentum: number;
  /** Which variance the running average takes; normalising always uses the biased one. */
  readonly runningVariance: 'biased' | 'unbiased';
  /** Running statistics start as those of the first batch (course), or as 0 and 1 (PyTorch). */
  readonly runningInit: 'first-batch' | 'zero-one';
}

/** A fully connected net: `hidden.length` blocks of linear, batch norm, ReLU, and a last linear layer. */
export interface NetSpec {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  /** `null`: no batch norm, only linear and ReLU. */
  readonly batchNorm: BatchNormSpec | null;
}

/** The course's batch norm. */
export const courseBatchNorm: BatchNormSpec = {
  order: 'before-relu',
  eps: 1e-5,
  statsMomentum: 0.1,
  runningVariance: 'biased',
  runningInit: 'first-batch',
};
