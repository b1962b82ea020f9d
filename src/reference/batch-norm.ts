/**
 * batch-norm: each column n of x (B, N) is normalised over the batch, scaled and shifted.
 *
 *     mean = 1/B sum x,   variance = 1/B sum (x - mean)^2   (biased, two passes)
 *     invStd = 1 / sqrt(variance + eps),   xHat = (x - mean) invStd,   y = gamma xHat + beta
 *
 *     dbeta = sum dy,   dgamma = sum dy xHat
 *     dx = gamma invStd (dy - dbeta / B - xHat dgamma / B)
 *
 * Source: Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167; running statistics as in PyTorch's BatchNorm1d
 * (`statsMomentum` = weight of the new batch) and as in the course (biased variance, started from the first batch).
 */
import { expectLength, type Numbers } from './numbers.ts';

/** B samples, N columns. */
export interface BatchNormShape {
  readonly B: number;
  readonly N: number;
}

/** How running statistics are kept. */
export interface RunningStatsOptions {
  /** Weight of the NEW batch. */
  readonly statsMomentum: number;
  /** Which variance of the batch goes into the running one. */
  readonly runningVariance: 'biased' | 'unbiased';
  /** What the first batch does: sets the running statistics, or is averaged with what is there (0 and 1, or what was loaded). */
  readonly runningInit: 'first-batch' | 'zero-one' | 'loaded';
}

/** Mean and variance of each column, (N) both. */
export interface ColumnStats {
  readonly mean: Numbers;
  readonly variance: Numbers;
}

/** What a training forward pass gives. */
export interface BatchNormForward {
  /** (B, N) */
  readonly y: Float64Array;
  /** (N) */
  readonly batchMean: Float64Array;
  /** (N), biased */
  readonly batchVariance: Float64Array;
  /** (N) */
  readonly invStd: Float64Array;
}

/** Training forward pass: x (B, N), gamma (N), beta (N). */
export function batchNormForward(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  { B, N }: BatchNormShape,
  eps: number,
): BatchNormForward {
  expectLength('batchNormForward', 'x', x, B * N);
  expectLength('batchNormForward', 'gamma', gamma, N);
  expectLength('batchNormForward', 'beta', beta, N);
  const batchMean = new Float64Array(N);
  const batchVariance = new Float64Array(N);
  const invStd = new Float64Array(N);
  const y = new Float64Array(B * N);
  for (let n = 0; n < N; n++) {
    let sum = 0;
    for (let b = 0; b < B; b++) sum += x[b * N + n]!;
    const mean = sum / B;
    let squares = 0;
    for (let b = 0; b < B; b++) squares += (x[b * N + n]! - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / B + eps);
    for (let b = 0; b < B; b++) y[b * N + n] = gamma[n]! * ((x[b * N + n]! - mean) * scale) + beta[n]!;
    batchMean[n] = mean;
    batchVariance[n] = squares / B;
    invStd[n] = scale;
  }
  return { y, batchMean, batchVariance, invStd };
}

/**
 * Scales of `batchNormForward`'s results: a float32 computation in two passes, or by Welford's or Chan's updates (not
 * one that subtracts mean^2 from the mean of squares), errs by at most `c sqrt(B) 2^-24 scale` (`sumBound` with `terms` = B). To first order in k = c sqrt(B) 2^-24:
 *
 *     mean      k A,  A = 1/B sum |x|
 *     variance  k/B sum |x - mean| (|x| + A)       the deviations: updates of a running mean err in proportion to it
 *               + k^2 A^2                          two passes: an error of the mean contributes only its square,
 *                                                  because sum (x - mean) = 0
 *     invStd    half of variance's relative error, and its own rounding
 *     y         |gamma| invStd (|x| + 2 A), the error of invStd times |gamma (x - mean)|, and |beta|
 *
 * The y term also covers the form x scale + shift. k in the second-order term is that of c = 8.
 */
export function absBatchNormForward(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  { B, N }: BatchNormShape,
  eps: number,
): BatchNormForward {
  const { batchMean, batchVariance, invStd } = batchNormForward(x, gamma, beta, { B, N }, eps);
  const secondOrder = 8 * Math.sqrt(B) * 2 ** -24;
  const y = new Float64Array(B * N);
  for (let n = 0; n < N; n++) {
    const mean = batchMean[n]!;
    let absSum = 0;
    for (let b = 0; b < B; b++) absSum += Math.abs(x[b * N + n]!);
    const absMean = absSum / B;
    let absSquares = 0;
    for (let b = 0; b < B; b++) {
      absSquares += Math.abs(x[b * N + n]! - mean) * (Math.abs(x[b * N + n]!) + absMean);
    }
    const variance = absSquares / B + secondOrder * absMean ** 2;
    const scale = invStd[n]!;
    const invStdError = scale + 0.5 * scale ** 3 * (variance + batchVariance[n]! + eps);
    for (let b = 0; b < B; b++) {
      const value = x[b * N + n]!;
      y[b * N + n] =
        Math.abs(gamma[n]!) *
          (scale * (Math.abs(value) + 2 * absMean) + invStdError * Math.abs(value - mean)) +
        Math.abs(beta[n]!);
    }
    batchMean[n] = absMean;
    batchVariance[n] = variance;
    invStd[n] = invStdError;
  }
  return { y, batchMean, batchVariance, invStd };
}

/**
 * Running statistics after one more batch.
 * @param running (N) before; not read when the first batch sets them
 * @param batch (N), the variance biased as `batchNormForward` gives it
 * @param isFirst no batch was seen before
 * @throws RangeError for the unbiased variance of one sample
 */
export function updateRunningStats(
  running: ColumnStats,
  batch: ColumnStats,
  B: number,
  { statsMomentum, runningVariance, runningInit }: RunningStatsOptions,
  isFirst: boolean,
): { mean: Float64Array; variance: Float64Array } {
  if (runningVariance === 'unbiased' && B < 2) {
    throw new RangeError('updateRunningStats: the unbiased variance needs a batch of at least 2 samples');
  }
  const correction = runningVariance === 'unbiased' ? B / (B - 1) : 1;
  const weight = isFirst && runningInit === 'first-batch' ? 1 : statsMomentum;
  const blend = (old: Numbers, fresh: Numbers, factor: number) =>
    Float64Array.from(fresh, (value, n) =>
      weight === 1 ? factor * value : (1 - weight) * old[n]! + weight * factor * value,
    );
  return {
    mean: blend(running.mean, batch.mean, 1),
    variance: blend(running.variance, batch.variance, correction),
  };
}

/**
 * Mean and biased variance of each column over all rows seen so far: those of `before`, which had `count` rows, and the B rows
 * of x (B, N).
 * @param before not read where `count` is 0
 */
export function mergeStatistics(
  before: ColumnStats,
  count: number,
  x: Numbers,
  { B, N }: BatchNormShape,
): { mean: Float64Array; variance: Float64Array } {
  const ones = new Float64Array(N).fill(1);
  const { batchMean, batchVariance } = batchNormForward(x, ones, ones, { B, N }, 0);
  if (count === 0) return { mean: batchMean, variance: batchVariance };
  const [a, b] = [count / (count + B), B / (count + B)];
  const difference = batchMean.map((mean, n) => mean - before.mean[n]!);
  return {
    mean: difference.map((d, n) => before.mean[n]! + b * d),
    variance: difference.map((d, n) => a * before.variance[n]! + b * batchVariance[n]! + a * b * d * d),
  };
}

/** Evaluation: y = gamma (x - mean) / sqrt(variance + eps) + beta with the given statistics; x (B, N). */
export function batchNormInference(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  { mean, variance }: ColumnStats,
  { B, N }: BatchNormShape,
  eps: number,
): Float64Array {
  for (const [name, array] of Object.entries({ gamma, beta, mean, variance })) {
    expectLength('batchNormInference', name, array, N);
  }
  expectLength('batchNormInference', 'x', x, B * N);
  return Float64Array.from(x, (value, i) => {
    const n = i % N;
    return gamma[n]! * ((value - mean[n]!) / Math.sqrt(variance[n]! + eps)) + beta[n]!;
  });
}

/** (|gamma| (|x| + |mean|) / sqrt(variance + eps) + |beta|): the scale of `batchNormInference`'s rounding error. */
export function absBatchNormInference(
  x: Numbers,
  gamma: Numbers,
  beta: Numbers,
  { mean, variance }: ColumnStats,
  { B, N }: BatchNormShape,
  eps: number,
): Float64Array {
  const negated = Float64Array.from(mean, (value) => -Math.abs(value));
  const stats = { mean: negated, variance };
  return batchNormInference(absolute(x), absolute(gamma), absolute(beta), stats, { B, N }, eps);
}

const absolute = (values: Numbers): Float64Array => Float64Array.from(values, Math.abs);

/** Gradients of batch norm. */
export interface BatchNormGrads {
  /** (B, N) */
  readonly dx: Float64Array;
  /** (N) */
  readonly dgamma: Float64Array;
  /** (N) */
  readonly dbeta: Float64Array;
}

/** Backward pass through the batch statistics: dy and x (B, N), the rest (N) as the forward pass gave it. */
export function batchNormBackward(
  dy: Numbers,
  x: Numbers,
  gamma: Numbers,
  batchMean: Numbers,
  invStd: Numbers,
  { B, N }: BatchNormShape,
): BatchNormGrads {
  expectLength('batchNormBackward', 'dy', dy, B * N);
  expectLength('batchNormBackward', 'x', x, B * N);
  for (const [name, array] of Object.entries({ gamma, batchMean, invStd })) {
    expectLength('batchNormBackward', name, array, N);
  }
  const xHat = Float64Array.from(x, (value, i) => (value - batchMean[i % N]!) * invStd[i % N]!);
  const dgamma = new Float64Array(N);
  const dbeta = new Float64Array(N);
  for (let i = 0; i < B * N; i++) {
    dgamma[i % N]! += dy[i]! * xHat[i]!;
    dbeta[i % N]! += dy[i]!;
  }
  const dx = xHat.map((normalised, i) => {
    const n = i % N;
    return gamma[n]! * invStd[n]! * (dy[i]! - dbeta[n]! / B - (normalised * dgamma[n]!) / B);
  });
  return { dx, dgamma, dbeta };
}

/**
 * Scales of `batchNormBackward`'s results, every term replaced by its absolute value and x - mean by |x| + |mean|,
 * B terms each: for kernels that are given the same `batchMean` and `invStd`.
 */
export function absBatchNormBackward(
  dy: Numbers,
  x: Numbers,
  gamma: Numbers,
  batchMean: Numbers,
  invStd: Numbers,
  { B, N }: BatchNormShape,
): BatchNormGrads {
  const dgamma = new Float64Array(N);
  const dbeta = new Float64Array(N);
  const xHat = Float64Array.from(
    x,
    (value, i) => (Math.abs(value) + Math.abs(batchMean[i % N]!)) * Math.abs(invStd[i % N]!),
  );
  for (let i = 0; i < B * N; i++) {
    dgamma[i % N]! += Math.abs(dy[i]!) * xHat[i]!;
    dbeta[i % N]! += Math.abs(dy[i]!);
  }
  const dx = xHat.map((normalised, i) => {
    const n = i % N;
    const inner = Math.abs(dy[i]!) + dbeta[n]! / B + (normalised * dgamma[n]!) / B;
    return Math.abs(gamma[n]! * invStd[n]!) * inner;
  });
  return { dx, dgamma, dbeta };
}
