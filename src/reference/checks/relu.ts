/** Cases of ReLU: both directions are exact. */
import type { ElementwiseShape } from '../../kernels/elementwise.ts';
import { relu, reluBackward } from '../relu.ts';
import { exact } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

const shapes = (): readonly ElementwiseShape[] => [4, 8, 64, 252, 256, 260, 1000].map((COUNT) => ({ COUNT }));

/** Normal numbers, among them 0, -0 and the smallest normal numbers of both signs. */
function inputs(build: CaseBuilder, count: number) {
  const special = [0, -0, 2 ** -126, -(2 ** -126)];
  return floats(count, () => special[build.below(16)] ?? build.normal());
}

export const reluForwardCheck: OpCheck<ElementwiseShape> = {
  shapes,
  build(build, { COUNT }) {
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('y', (r) => ({ values: relu(x(r)), bound: exact }));
  },
};

export const reluBackwardCheck: OpCheck<ElementwiseShape> = {
  shapes,
  build(build, { COUNT }) {
    const dy = build.input('dy', () => build.normals(COUNT));
    const x = build.input('x', () => inputs(build, COUNT));
    build.expect('dx', (r) => ({ values: reluBackward(dy(r), x(r)), bound: exact }));
  },
};
