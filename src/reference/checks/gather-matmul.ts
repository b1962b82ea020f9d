/**
 * Cases of the first layer's matrix products with the gather inside. Bounds: those of the sums, and what the rounding of
 * the normalised pixels (the bound of gather) adds to them.
 */
import { imageSize } from '../../kernels/gather.ts';
import type { GatherMatmulShape } from '../../kernels/gather-matmul.ts';
import { absGather, gather } from '../gather.ts';
import { absMatmul, absMatmulWgrad, matmul, matmulWgrad } from '../matmul.ts';
import { sumBound } from '../tolerance.ts';
import type { CaseBuilder, OpCheck } from './case.ts';
import { imageInputs, orderInputs } from './gather.ts';

const cifar = { C: 3, H: 32, W: 32 } as const;

const shapes: readonly GatherMatmulShape[] = [
  { M: 3, N: 5, ORDER: 11, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 4, SHARDED: 1, C: 1, H: 5, W: 12 },
  { M: 5, N: 12, ORDER: 11, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 4, SHARDED: 0, C: 1, H: 3, W: 32 },
  { M: 2, N: 52, ORDER: 11, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 4, SHARDED: 0, C: 2, H: 2, W: 32 },
  { M: 1, N: 1, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 2, SHARDED: 1, ...cifar },
  { M: 7, N: 5, ORDER: 17, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 6, SHARDED: 1, ...cifar },
  { M: 3, N: 12, ORDER: 17, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 6, SHARDED: 0, ...cifar },
  { M: 2, N: 16, ORDER: 17, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 6, SHARDED: 1, ...cifar },
  { M: 1, N: 52, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 4, SHARDED: 0, ...cifar },
  { M: 7, N: 56, ORDER: 11, STEPS_PER_EPOCH: 1, SHARD_IMAGES: 4, SHARDED: 0, ...cifar },
  { M: 57, N: 52, ORDER: 60, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 7, SHARDED: 0, ...cifar },
  { M: 29, N: 68, ORDER: 61, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 7, SHARDED: 0, ...cifar },
  { M: 1, N: 60, ORDER: 3, STEPS_PER_EPOCH: 3, SHARD_IMAGES: 1, SHARDED: 1, ...cifar },
  { M: 5, N: 52, ORDER: 11, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 5, SHARDED: 1, ...cifar },
  { M: 13, N: 56, ORDER: 30, STEPS_PER_EPOCH: 2, SHARD_IMAGES: 3, SHARDED: 1, ...cifar },
];

/** x(M,K) of a replica, and the bound of its elements. */
function normalised(build: CaseBuilder, { M, SHARDED, ...rest }: GatherMatmulShape) {
  const shape = { B: M, ...rest };
  const sharded = SHARDED === 1;
  const { source } = imageInputs(build, shape, { pixels: true, labels: false, sharded });
  const batch = orderInputs(build, shape, false, sharded);
  return (r: number) => ({
    x: gather(source, batch(r)),
    xBound: sumBound(absGather(source, batch(r)), 1),
  });
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]!);

/** y = x·w + bias: K products and the bias. */
export const gatherMatmulForwardCheck: OpCheck<GatherMatmulShape> = {
  shapes: () => shapes,
  build(build, shape) {
    const K = imageSize(shape);
    const sizes = { M: shape.M, N: shape.N, K };
    const images = normalised(build, shape);
    const w = build.input('w', () => build.normals(K * shape.N));
    const bias = build.input('bias', () => build.normals(shape.N));
    build.expect('y', (r) => {
      const { x, xBound } = images(r);
      const rounding = sumBound(absMatmul(x, w(r), bias(r), sizes), K + 1);
      return {
        values: matmul(x, w(r), bias(r), sizes),
        bound: plus(rounding, absMatmul(xBound, w(r), null, sizes)),
      };
    });
  },
};

/** dw = xᵀ·dy: M products. */
export const gatherMatmulWgradCheck: OpCheck<GatherMatmulShape> = {
  shapes: () => shapes,
  build(build, shape) {
    const K = imageSize(shape);
    const sizes = { M: shape.M, N: shape.N, K };
    const images = normalised(build, shape);
    const dy = build.input('dy', () => build.normals(shape.M * shape.N));
    build.expect('dw', (r) => {
      const { x, xBound } = images(r);
      const rounding = sumBound(absMatmulWgrad(x, dy(r), sizes), shape.M);
      return {
        values: matmulWgrad(x, dy(r), sizes),
        bound: plus(rounding, absMatmulWgrad(xBound, dy(r), sizes)),
      };
    });
  },
};
