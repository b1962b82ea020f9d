/** Cases of the end of a step: sums of rows, losses that are not finite, a history that wraps round. */
import { sumBound } from '../tolerance.ts';
import type { OpCheck } from './case.ts';

/** Bits of infinities and of quiet and signalling NaNs of both signs. */
export const notFinite = [0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffffffff] as const;

export const stepEndCheck: OpCheck<{ readonly M: number; readonly HISTORY: number }> = {
  shapes: () => [
    { M: 1, HISTORY: 1 },
    { M: 7, HISTORY: 3 },
    { M: 16, HISTORY: 8 },
    { M: 17, HISTORY: 5 },
    { M: 101, HISTORY: 8 },
  ],
  build(build, { M, HISTORY }) {
    // As bits, since a Float32Array may change the bits of a NaN.
    const rowLoss = build.input('rowLoss', (r) => {
      const bits = new Uint32Array(build.normals(M).map(Math.abs).buffer);
      if (build.below(3) === 0) bits[build.below(M)] = notFinite[(r + build.below(6)) % 6]!;
      return bits;
    });
    const rowHit = build.input('rowHit', () => Uint32Array.from({ length: M }, () => build.below(2)));
    const history = build.input('history', () => build.normals(2 * HISTORY));
    const counters = build.input('counters', () => {
      const words = build.counters(build.below(3 * HISTORY));
      words[1] = build.below(2) === 0 ? 0 : 1 + build.below(1 + words[0]!);
      return words;
    });
    const losses = (r: number) => new Float32Array(rowLoss(r).buffer);

    build.expect('counters', (r) => {
      const [step, firstBad, ...others] = counters(r) as unknown as [number, number, number, number];
      const isBad = losses(r).some((loss) => !Number.isFinite(loss));
      return {
        values: Uint32Array.of(step + 1, isBad && firstBad === 0 ? step + 1 : firstBad, ...others),
        bound: 0,
      };
    });
    build.expect('history', (r) => {
      const values = Float64Array.from(history(r));
      const bound = new Float64Array(2 * HISTORY);
      const slot = 2 * (counters(r)[0]! % HISTORY);
      const total = Array.from(losses(r)).reduce((sum, loss) => sum + loss, 0);
      values[slot] = Number.isFinite(total) ? total : Number.NaN; // The counters say that it is not to be read.
      values[slot + 1] = rowHit(r).reduce((sum, hit) => sum + hit, 0);
      bound[slot] = Number.isFinite(total) ? sumBound(total, M)[0]! : 0;
      return { values, bound };
    });
  },
};
