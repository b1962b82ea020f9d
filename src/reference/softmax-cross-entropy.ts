/**
 * softmax-cross-entropy: loss, hits and gradient of logits (B, C) against labels (B), row by row.
 *
 *     d[j] = logits[j] - max,   loss = log(sum exp(d)) - sum target d,   probs = exp(d) / sum exp(d)
 *     dlogits = (probs - target) / B               the gradient of the MEAN loss
 *
 * target = onehot(label), or with label smoothing s: (1 - s) onehot(label) + s / C (Szegedy et al. 2016,
 * https://arxiv.org/abs/1512.00567, §7; PyTorch's `label_smoothing`).
 */
import { expectLength, type Numbers } from './numbers.ts';

/** Results of one batch. */
export interface SoftmaxCrossEntropy {
  /** (B) */
  readonly loss: Float64Array;
  /** (B) 1 where the largest logit is the label's, else 0; among equal logits the lowest index wins. */
  readonly hit: Float64Array;
  /** (B, C) */
  readonly dlogits: Float64Array;
}

/** One row, taken apart. */
interface Row {
  readonly label: number;
  readonly argmax: number;
  /** (C) */
  readonly shifted: readonly number[];
  /** (C) */
  readonly probs: readonly number[];
  readonly logSum: number;
  /** (C): what the probabilities should be. */
  readonly target: readonly number[];
}

function* rows(
  logits: Numbers,
  labels: Numbers,
  B: number,
  C: number,
  labelSmoothing: number,
): Generator<Row> {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new RangeError(`softmaxCrossEntropy: label smoothing must be 0 to below 1, got ${labelSmoothing}`);
  }
  expectLength('softmaxCrossEntropy', 'logits', logits, B * C);
  expectLength('softmaxCrossEntropy', 'labels', labels, B);
  for (let b = 0; b < B; b++) {
    const label = labels[b]!;
    if (!Number.isInteger(label) || label < 0 || label >= C) {
      throw new RangeError(`softmaxCrossEntropy: labels[${b}] must be 0..${C - 1}, got ${label}`);
    }
    let argmax = 0;
    for (let j = 1; j < C; j++) if (logits[b * C + j]! > logits[b * C + argmax]!) argmax = j;
    const shifted = Array.from({ length: C }, (_, j) => logits[b * C + j]! - logits[b * C + argmax]!);
    const exps = shifted.map(Math.exp);
    const sum = exps.reduce((a, e) => a + e, 0);
    const target = shifted.map((_, j) => (j === label ? 1 - labelSmoothing : 0) + labelSmoothing / C);
    yield { label, argmax, shifted, probs: exps.map((e) => e / sum), logSum: Math.log(sum), target };
  }
}

/**
 * Loss and hit of each row, and the gradient of the mean loss.
 * @throws RangeError for a label outside 0 .. C - 1, or label smoothing outside 0 .. 1
 */
export function softmaxCrossEntropy(
  logits: Numbers,
  labels: Numbers,
  B: number,
  C: number,
  labelSmoothing = 0,
): SoftmaxCrossEntropy {
  const loss = new Float64Array(B);
  const hit = new Float64Array(B);
  const dlogits = new Float64Array(B * C);
  let b = 0;
  for (const { label, argmax, shifted, probs, logSum, target } of rows(
    logits,
    labels,
    B,
    C,
    labelSmoothing,
  )) {
    loss[b] = target.reduce((left, weight, j) => left - weight * shifted[j]!, logSum);
    hit[b] = argmax === label ? 1 : 0;
    for (let j = 0; j < C; j++) dlogits[b * C + j] = (probs[j]! - target[j]!) / B;
    b++;
  }
  return { loss, hit, dlogits };
}

/**
 * Scales of loss and dlogits: a float32 computation errs by at most `c sqrt(C) 2^-24 scale` (`sumBound` with `terms`
 * = C). In units of 2^-24, from WGSL's accuracies (exp: 3 + 2 |d| ULP; log: 3 ULP or 2^-21 absolute; division: 2.5 ULP;
 * 1 ULP <= 2 units; https://www.w3.org/TR/WGSL/#floating-point-accuracy), with d itself off by |d|:
 *
 *     exp(d[j])     e[j] = 6 + 5 |d[j]|, relative
 *     sum           s = 1 + sum probs e, relative
 *     loss          s + 8 + 6 logSum + 2 |d[label]|
 *     dlogits[j]    (probs[j] (e[j] + s + 5) + 6 |probs[j] - target[j]|) / B
 *
 * With label smoothing, a division and three products and sums more: the loss has 12 sum target |d| in the place of
 * 2 |d[label]|, and dlogits[j] another 8 target[j] / B.
 *
 * `hit` is 0: it is exact unless two logits differ by rounding, which the caller's data must avoid.
 */
export function absSoftmaxCrossEntropy(
  logits: Numbers,
  labels: Numbers,
  B: number,
  C: number,
  labelSmoothing = 0,
): SoftmaxCrossEntropy {
  const loss = new Float64Array(B);
  const dlogits = new Float64Array(B * C);
  const [ofDistance, ofTarget] = labelSmoothing === 0 ? [2, 0] : [12, 8];
  let b = 0;
  for (const { shifted, probs, logSum, target } of rows(logits, labels, B, C, labelSmoothing)) {
    const expError = shifted.map((d) => 6 + 5 * Math.abs(d));
    const sumError = 1 + probs.reduce((a, p, j) => a + p * expError[j]!, 0);
    const distance = target.reduce((total, weight, j) => total + weight * Math.abs(shifted[j]!), 0);
    loss[b] = sumError + 8 + 6 * logSum + ofDistance * distance;
    for (let j = 0; j < C; j++) {
      const difference = Math.abs(probs[j]! - target[j]!);
      dlogits[b * C + j] =
        (probs[j]! * (expError[j]! + sumError + 5) + 6 * difference + ofTarget * target[j]!) / B;
    }
    b++;
  }
  return { loss, hit: new Float64Array(B), dlogits };
}
