import type { Tensor } from '../gpu/tensor.ts';
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from '../kernels/batch-norm.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { reluBackward, reluForward } from '../kernels/relu.ts';
import type { BatchNormSpec } from './net-spec.ts';

/** What stands between two linear layers: ReLU and, unless `spec` is null, batch norm before or behind it. */
export interface Activation {
  readonly label: string;
  readonly spec: BatchNormSpec | null;
  /** Batch and width, padded. */
  readonly M: number;
  readonly N: number;
  /** (2, N): gamma, beta; their gradients; running mean and variance. Absent without batch norm. */
  readonly affine?: Tensor;
  readonly daffine?: Tensor;
  readonly running?: Tensor;
  /** (2, N): mean and invStd of the batch, from forward to backward. */
  readonly saved?: Tensor;
}

const reluFlags = (spec: BatchNormSpec) =>
  spec.order === 'after-relu'
    ? ({ RELU_BEFORE: 1, RELU_AFTER: 0 } as const)
    : ({ RELU_BEFORE: 0, RELU_AFTER: 1 } as const);

const only = (tensors: Readonly<Record<string, Tensor | undefined>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(tensors).filter((entry): entry is [string, Tensor] => entry[1] !== undefined),
  );

/** y from x with the statistics of the batch. */
export function activationForward(
  { label, spec, M, N, affine, running, saved }: Activation,
  x: Tensor,
  y: Tensor,
  counters: Tensor,
): KernelCall[] {
  if (spec === null) return [call(`${label} relu`, reluForward, { COUNT: M * N }, { x, y })];
  const unbiased = spec.runningVariance === 'unbiased' && M > 1;
  const shape = {
    M,
    N,
    ...reluFlags(spec),
    EPS: spec.eps,
    STATS_MOMENTUM: spec.statsMomentum,
    VARIANCE_FACTOR: unbiased ? M / (M - 1) : 1,
    FIRST_BATCH_SETS: spec.runningInit === 'first-batch' ? 1 : 0,
  } as const;
  const tensors = only({ x, affine, counters, running, saved, y });
  return [call(`${label} batch norm`, batchNormForward, shape, tensors)];
}

/** y from x with the running statistics. */
export function activationInference(
  { label, spec, M, N, affine, running }: Activation,
  x: Tensor,
  y: Tensor,
): KernelCall[] {
  if (spec === null) return [call(`${label} relu`, reluForward, { COUNT: M * N }, { x, y })];
  const shape = { M, N, ...reluFlags(spec), EPS: spec.eps };
  return [call(`${label} batch norm`, batchNormInference, shape, only({ x, affine, running, y }))];
}

/** Merges mean and variance of this chunk of x into the running ones; `total`: the rows of all chunks. None without batch norm. */
export function activationStatistics(
  { label, spec, M, N, running }: Activation,
  x: Tensor,
  counters: Tensor,
  total: number,
): KernelCall[] {
  if (spec === null) return [];
  const shape = {
    M,
    N,
    TOTAL: total,
    RELU_BEFORE: reluFlags(spec).RELU_BEFORE,
    VARIANCE_FACTOR: spec.runningVariance === 'unbiased' && total > 1 ? total / (total - 1) : 1,
  };
  return [call(`${label} statistics`, batchNormStatistics, shape, only({ x, counters, running }))];
}

/** dx (and dgamma, dbeta) from dy. */
export function activationBackward(
  { label, spec, M, N, affine, daffine, saved }: Activation,
  x: Tensor,
  dy: Tensor,
  dx: Tensor,
): KernelCall[] {
  if (spec === null) return [call(`${label} relu backward`, reluBackward, { COUNT: M * N }, { dy, x, dx })];
  const tensors = only({ dy, x, affine, saved, daffine, dx });
  return [call(`${label} batch norm backward`, batchNormBackward, { M, N, ...reluFlags(spec) }, tensors)];
}
