/** Cases of lookahead: replicas at different steps, in some of which nothing happens. */
import type { LookaheadShape } from '../../kernels/lookahead.ts';
import { lookahead } from '../lookahead.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

const keeps = [-1, 0.7, 1, 0, 0.2];

export const lookaheadCheck: OpCheck<LookaheadShape> = {
  shapes: () => [4, 64, 252, 260].map((COUNT) => ({ COUNT })),
  build(build: CaseBuilder, { COUNT }) {
    const table = build.sharedInput('keeps', () => floats(keeps.length, (i) => keeps[i]!))(0);
    const counters = build.input('counters', () => build.counters(build.below(keeps.length)));
    const slow = build.input('slow', () => build.normals(COUNT));
    const fast = build.input('fast', () => build.normals(COUNT));
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const keep = table[counters(r)[0]!]!;
      const after = lookahead(slow(r), fast(r), keep);
      const sizes = Float64Array.from(slow(r), (value, i) => Math.abs(value) + Math.abs(fast(r)[i]!));
      return { ...after, bound: keep < 0 ? 0 : sumBound(sizes, 2) };
    });
    build.expect('slow', (r) => ({ values: results[r]!.slow, bound: results[r]!.bound }));
    build.expect('fast', (r) => ({ values: results[r]!.fast, bound: results[r]!.bound }));
  },
};
