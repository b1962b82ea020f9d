// Batch normalisation over many rows, as behind a convolution (batch · height · width of them): the passes of batch-norm.ts as dispatches of their
// own, whose reductions go over parts of the rows side by side. Activations behind it are part of the passes.
//   forward   batch-norm-moments, batch-norm-merge, batch-norm-apply
//   backward  batch-norm-gradient-parts, part-sum, batch-norm-dx
import { defineKernel, onTheirOwn, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { type PartsShape, partsStrip, rowsPerPart, treeTile } from './parts.ts';
import { shader } from './shader.ts';

/** What stands behind a batch norm, in its pass. */
export const activationCode = { none: 0, relu: 1, gelu: 2 } as const;

export type NormaliseShape = {
  readonly M: number;
  readonly N: number;
  /** 1: what is normalised is max(x, 0). */
  readonly RELU_BEFORE: 0 | 1;
  /** Of what is normalised: 0 none, 1 ReLU, 2 GELU (`activationCode`). */
  readonly ACTIVATION: 0 | 1 | 2;
};

export type MomentsShape = PartsShape & { readonly RELU_BEFORE: 0 | 1 };

export type MergeShape = PartsShape & {
  readonly EPS: number;
  /** Weight of this batch in the running statistics. */
  readonly STATS_MOMENTUM: number;
  /** What the variance is multiplied by before it enters the running one: 1 (biased) or M/(M-1) (unbiased). */
  readonly VARIANCE_FACTOR: number;
  /** 1: step 0 sets the running statistics. */
  readonly FIRST_BATCH_SETS: 0 | 1;
};

export type ApplyShape = NormaliseShape & {
  /** 1: the statistics are mean and variance (the running ones); 0: mean and invStd (those of a batch). */
  readonly FROM_VARIANCE: 0 | 1;
  readonly EPS: number;
};

export type GradientPartsShape = NormaliseShape & { readonly PARTS: number };

/** One variant of 16 invocations a workgroup, each with four columns of a part. */
const perPart = <S extends PartsShape>(source: string): Variant<S> => ({
  name: 'naive',
  source,
  refuses: wantsMultiplesOf4<S>('N'),
  constants: (shape) => ({ ...shape, ROWS: rowsPerPart(shape) }),
  grid: ({ N, PARTS }) => [Math.ceil((PARTS * N) / 64), 1],
});

/** Rows that an invocation of an elementwise pass takes, so that a column's parameters are read once for them. */
const rowsAtOnce = 8;
/** A pass over rows whose statistics are known. */
const rowwise = <S extends NormaliseShape>(source: string) =>
  onTheirOwn<S>(
    { source, refuses: wantsMultiplesOf4<S>('N'), constants: (shape) => ({ ...shape, ROWS: rowsAtOnce }) },
    ({ M, N }) => (Math.ceil(M / rowsAtOnce) * N) / 4,
  );

/** partial(PARTS, 2, N): mean and sum of squared deviations of the columns of x over each part of the rows. */
export const batchNormMoments = defineKernel({
  op: 'batch-norm-moments',
  bindings: [read('x'), readWrite('partial')],
  cost: ({ M, N, PARTS }: MomentsShape) => ({ flops: 4 * M * N, bytes: 4 * (M * N + 2 * PARTS * N) }),
  variants: [
    perPart<MomentsShape>(shader('batch-norm-moments/naive')),
    partsStrip<MomentsShape>(shader('batch-norm-moments/strip')),
  ],
  preferred: { gpu: ['strip'] },
});

/** saved(2, N): mean and invStd of the batch, from its parts' moments; running statistics as in batch-norm-forward. */
export const batchNormMerge = defineKernel({
  op: 'batch-norm-merge',
  bindings: [read('partial'), read('counters'), readWrite('running'), readWrite('saved')],
  cost: ({ N, PARTS }: MergeShape) => ({ flops: 8 * PARTS * N, bytes: 8 * N * (PARTS + 2) }),
  variants: [
    {
      name: 'naive',
      source: shader('batch-norm-merge/naive'),
      constants: (shape) => ({ ...shape, ROWS: rowsPerPart(shape) }),
      grid: ({ N }) => [Math.ceil(N / 16), 1],
    },
    {
      name: 'strip',
      source: shader('batch-norm-merge/strip'),
      constants: (shape) => ({ ...shape, ROWS: rowsPerPart(shape), ...treeTile(shape.N) }),
      grid: ({ N }) => [Math.ceil(N / treeTile(N).COLUMNS), 1],
    },
  ],
  preferred: { gpu: ['strip'] },
});

/** y = activation(normalised x) with the batch's or the running statistics. */
export const batchNormApply = defineKernel({
  op: 'batch-norm-apply',
  bindings: [read('x'), read('affine'), read('statistics'), readWrite('y')],
  cost: ({ M, N }: ApplyShape) => ({ flops: 4 * M * N, bytes: 8 * M * N }),
  ...rowwise(shader('batch-norm-apply/naive')),
});

/** partial(PARTS, 2, N): dgamma and dbeta of each part of the rows. */
export const batchNormGradientParts = defineKernel({
  op: 'batch-norm-gradient-parts',
  bindings: [read('dy'), read('x'), read('affine'), read('saved'), readWrite('partial')],
  cost: ({ M, N, PARTS }: GradientPartsShape) => ({ flops: 6 * M * N, bytes: 8 * (M * N + PARTS * N) }),
  variants: [
    perPart<GradientPartsShape>(shader('batch-norm-gradient-parts/naive')),
    partsStrip<GradientPartsShape>(shader('batch-norm-gradient-parts/strip')),
  ],
  preferred: { gpu: ['strip'] },
});

/** dx, given the whole dgamma and dbeta. */
export const batchNormDx = defineKernel({
  op: 'batch-norm-dx',
  bindings: [read('dy'), read('x'), read('affine'), read('saved'), read('daffine'), readWrite('dx')],
  cost: ({ M, N }: NormaliseShape) => ({ flops: 8 * M * N, bytes: 12 * M * N }),
  ...rowwise(shader('batch-norm-dx/naive')),
});
