/** The judge of the peers: it accepts what rounds and rejects what computes something else. */
import { describe, expect, test } from 'vitest';
import { compareWithTruth, matmulTruth, referenceRun, truthOf } from '../../bench/peers/agree.ts';
import { makeWork, type StepWork } from '../../bench/peers/work.ts';

const work = makeWork({ hidden: [12, 10], inputs: 60, batchSize: 50 });
const truth = truthOf(work);

/** What a peer would report whose steps are the reference's on another work: the last checkpoint. */
function report(other: StepWork, random?: () => number) {
  const last = referenceRun(other, truth.length, random).at(-1)!;
  const parameters = Object.fromEntries(
    Object.entries(last.state.params).map(([name, { data }]) => [name, Float32Array.from(data)]),
  );
  for (const layer of other.hidden.keys()) {
    parameters[`layers.${layer}.linear.bias`] = new Float32Array(other.hidden[layer]!);
  }
  return { loss: last.loss, parameters };
}

const verdict = (other: StepWork, random?: () => number) => {
  const { loss, parameters } = report(other, random);
  return compareWithTruth(truth.at(-1)!, loss, parameters);
};

describe('agree', () => {
  test('accepts the reference rounded to float32, and other noise than its own', () => {
    expect(verdict(work)).toMatchObject({ ok: true });
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    };
    for (let i = 0; i < 10; i++) expect(verdict(work, random)).toMatchObject({ ok: true });
  });

  test.each<[string, Partial<StepWork>]>([
    ['no L2 term', { lambda: 0 }],
    ['a learning rate 2 % too high', { learningRate: work.learningRate * 1.02 }],
    ['another b1', { optimizer: { ...work.optimizer, b1: 0.8 } }],
    // 0.99 would move the second step by 3e-4 only, which rounding may too.
    ['another b2', { optimizer: { ...work.optimizer, b2: 0.9 } }],
    ['another eps of batch norm', { batchNorm: { ...work.batchNorm, eps: 1e-3 } }],
    ['another statsMomentum', { batchNorm: { ...work.batchNorm, statsMomentum: 0.11 } }],
    ['the unbiased running variance', { batchNorm: { ...work.batchNorm, runningVariance: 'unbiased' } }],
    ['batch norm behind the ReLU', { batchNorm: { ...work.batchNorm, order: 'after-relu' } }],
    [
      'one wrong label of 50',
      { labels: work.labels.map((label, i) => (i === 0 ? (label + 1) % 10 : label)) },
    ],
  ])('rejects %s', (_, mistake) => {
    expect(verdict({ ...work, ...mistake })).toMatchObject({ ok: false });
  });

  test('rejects a trained bias in front of batch norm, NaN, and what is missing', () => {
    const { loss, parameters } = report(work);
    const point = truth.at(-1)!;
    const bias = Float32Array.from(parameters['layers.0.linear.bias']!, () => 1e-3);
    expect(compareWithTruth(point, loss, { ...parameters, 'layers.0.linear.bias': bias }).ok).toBe(false);
    expect(compareWithTruth(point, Number.NaN, parameters).ok).toBe(false);
    const broken = parameters['layers.1.bn.weight']!.slice();
    broken[3] = Number.NaN;
    expect(compareWithTruth(point, loss, { ...parameters, 'layers.1.bn.weight': broken }).ok).toBe(false);
    const { 'layers.2.linear.weight': _, ...rest } = parameters;
    expect(compareWithTruth(point, loss, rest).ok).toBe(false);
  });

  test('matmul: rejects one wrong element', () => {
    const { a, b, compare } = matmulTruth(3, 5, 7);
    const c = new Float32Array(15);
    for (let m = 0; m < 3; m++) {
      for (let n = 0; n < 5; n++) for (let k = 0; k < 7; k++) c[m * 5 + n]! += a[m * 7 + k]! * b[k * 5 + n]!;
    }
    expect(compare(c).ok).toBe(true);
    c[4]! *= 1.001;
    expect(compare(c).ok).toBe(false);
  });
});
