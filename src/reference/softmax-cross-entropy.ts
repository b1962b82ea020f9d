/**
 * softmax-cross-entropy: loss, hits and gradient of logits (B, C) against labels (B), row by row.
 *
 *     d[j] = logits[j] - max,   loss = log(sum exp(d)) - d[label],   probs = exp(d) / sum exp(d)
 *     dlogits = (probs - onehot(label)) / B        the gradient of the MEAN loss
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
}

function* rows(logits: Numbers, labels: Numbers, B: number, C: number): Generator<Row> {
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
    yield { label, argmax, shifted, probs: exps.map((e) => e / sum), logSum: Math.log(sum) };
  }
}

/**
 * Loss and hit of each row, and the gradient of the mean loss.
 * @throws RangeError for a label outside 0 .. C - 1
 */
export function softmaxCrossEntropy(
  logits: Numbers,
  labels: Numbers,
  B: number,
  C: number,
): SoftmaxCrossEntropy {
  const loss = new Float64Array(B);
  const hit = new Float64Array(B);
  const dlogits = new Float64Array(B * C);
  let b = 0;
  for (const { label, argmax, shifted, probs, logSum } of rows(logits, labels, B, C)) {
    loss[b] = logSum - shifted[label]!;
    hit[b] = argmax === label ? 1 : 0;
    for (let j = 0; j < C; j++) dlogits[b * C + j] = (probs[j]! - (j === label ? 1 : 0)) / B;
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
 *     dlogits[j]    (probs[j] (e[j] + s + 5) + 6 |probs[j] - onehot[j]|) / B
 *
 * `hit` is 0: it is exact unless two logits differ by rounding, which the caller's data must avoid.
 */
export function absSoftmaxCrossEntropy(
  logits: Numbers,
  labels: Numbers,
  B: number,
  C: number,
): SoftmaxCrossEntropy {
  const loss = new Float64Array(B);
  const dlogits = new Float64Array(B * C);
  let b = 0;
  for (const { label, shifted, probs, logSum } of rows(logits, labels, B, C)) {
    const expError = shifted.map((d) => 6 + 5 * Math.abs(d));
    const sumError = 1 + probs.reduce((a, p, j) => a + p * expError[j]!, 0);
    loss[b] = sumError + 8 + 6 * logSum + 2 * Math.abs(shifted[label]!);
    for (let j = 0; j < C; j++) {
      const difference = Math.abs(probs[j]! - (j === label ? 1 : 0));
      dlogits[b * C + j] = (probs[j]! * (expError[j]! + sumError + 5) + 6 * difference) / B;
    }
    b++;
  }
  return { loss, hit: new Float64Array(B), dlogits };
}
