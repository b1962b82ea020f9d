/** Cases of softmax and cross-entropy: ordinary, huge and tied logits, padded columns, smoothed labels, a last batch that is not full. */
import type { SoftmaxCrossEntropyShape } from '../../kernels/softmax-cross-entropy.ts';
import { absSoftmaxCrossEntropy, softmaxCrossEntropy } from '../softmax-cross-entropy.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

/** TOTAL where every batch is full. */
export const everyBatchFull = 2 ** 32 - 1;

/** A row of logits: its kind is drawn. Ties are exact, and logits of +-1e4 overflow exp where the maximum is not subtracted. */
function logitRow(build: CaseBuilder): () => number {
  const kind = build.below(3);
  if (kind === 0) return () => build.normal(0, 3);
  if (kind === 1) return () => (build.below(2) === 0 ? 1e4 : -1e4);
  return () => build.below(3) - 1;
}

export const softmaxCrossEntropyCheck: OpCheck<SoftmaxCrossEntropyShape> = {
  shapes: () =>
    [
      { M: 1, CLASSES: 1, LD: 1, TOTAL: everyBatchFull },
      { M: 1, CLASSES: 10, LD: 12, TOTAL: everyBatchFull },
      { M: 7, CLASSES: 3, LD: 3, TOTAL: 17 },
      { M: 17, CLASSES: 10, LD: 12, TOTAL: 40 },
      { M: 37, CLASSES: 10, LD: 16, TOTAL: 37 },
      { M: 100, CLASSES: 10, LD: 12, TOTAL: everyBatchFull },
      { M: 101, CLASSES: 13, LD: 20, TOTAL: 250 },
      { M: 1, CLASSES: 1, LD: 4, TOTAL: everyBatchFull, SMOOTHING: 0.5 },
      { M: 37, CLASSES: 3, LD: 4, TOTAL: 100, SMOOTHING: 0.9 },
      { M: 100, CLASSES: 10, LD: 12, TOTAL: everyBatchFull, SMOOTHING: 0.05 },
    ].map((shape) => ({ SMOOTHING: 0, ...shape })),
  build(build, { M, CLASSES, LD, TOTAL, SMOOTHING }) {
    const logits = build.input('logits', () => {
      const padded = new Float32Array(M * LD).fill(Number.NaN); // What is beyond CLASSES must not be seen.
      for (let row = 0; row < M; row++) padded.set(floats(CLASSES, logitRow(build)), row * LD);
      return padded;
    });
    const labels = build.input('labels', () => Uint32Array.from({ length: M }, () => build.below(CLASSES)));
    // Where the last batch is not full: all its steps, and the first one that has no samples at all.
    const steps = TOTAL === everyBatchFull ? 3 : Math.ceil(TOTAL / M) + 1;
    const counters = build.input('counters', (r) => build.counters((build.below(steps) + r) % steps));

    const results = Array.from({ length: build.replicas }, (_, r) => {
      const dense = logits(r).filter((_, i) => i % LD < CLASSES);
      const valid = (row: number) => row + counters(r)[0]! * M < TOTAL;
      const { loss, hit, dlogits } = softmaxCrossEntropy(dense, labels(r), M, CLASSES, SMOOTHING);
      const scale = absSoftmaxCrossEntropy(dense, labels(r), M, CLASSES, SMOOTHING);
      const pad = (rows: Float64Array) =>
        Float64Array.from({ length: M * LD }, (_, i) => {
          const row = Math.floor(i / LD);
          return valid(row) && i % LD < CLASSES ? rows[row * CLASSES + (i % LD)]! : 0;
        });
      const mask = (rows: Float64Array) => rows.map((value, row) => (valid(row) ? value : 0));
      return {
        dlogits: { values: pad(dlogits), bound: pad(sumBound(scale.dlogits, CLASSES)) },
        rowLoss: { values: mask(loss), bound: mask(sumBound(scale.loss, CLASSES)) },
        rowHit: { values: Uint32Array.from(mask(hit)), bound: 0 },
      };
    });
    for (const name of ['dlogits', 'rowLoss', 'rowHit'] as const) {
      build.expect(name, (r) => results[r]![name]);
    }
  },
};
