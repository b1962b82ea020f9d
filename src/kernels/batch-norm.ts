// Batch normalisation over the M rows of x(M,N) (Ioffe & Szegedy 2015), with the ReLU before or behind it in the same pass.
import { defineKernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

export type BatchNormShape = {
  readonly M: number;
  readonly N: number;
  /** 1: what is normalised is max(x, 0). */
  readonly RELU_BEFORE: 0 | 1;
  /** 1: the output is max(normalised, 0). */
  readonly RELU_AFTER: 0 | 1;
};

export type BatchNormForwardShape = BatchNormShape & {
  readonly EPS: number;
  /** Weight of this batch in the running statistics. */
  readonly STATS_MOMENTUM: number;
  /** What the variance is multiplied by before it enters the running one: 1 (biased) or M/(M-1) (unbiased). */
  readonly VARIANCE_FACTOR: number;
  /** 1: step 0 sets the running statistics. */
  readonly FIRST_BATCH_SETS: 0 | 1;
};

export type BatchNormStatisticsShape = {
  /** Rows of a chunk. */
  readonly M: number;
  readonly N: number;
  /** Rows of all chunks; the last one may be partial. */
  readonly TOTAL: number;
  readonly RELU_BEFORE: 0 | 1;
  /** What the variance is multiplied by in the end: 1 (biased) or TOTAL/(TOTAL-1) (unbiased). */
  readonly VARIANCE_FACTOR: number;
};

const { ceil } = Math;

const perColumn = ({ N }: { readonly N: number }): readonly [number, number] => [ceil(N / 64), 1];

function strip<S extends BatchNormShape>(source: string, lanes: number): Variant<S> {
  return {
    name: `strip-${lanes}`,
    source,
    refuses: wantsMultiplesOf4<S>('N'),
    constants: (shape) => ({ ...shape, LANES: lanes }),
    grid: ({ N }) => [N / 4, 1],
  };
}

function quad<S extends BatchNormShape>(source: string): Variant<S> {
  return {
    name: 'quad',
    source,
    subgroups: true,
    refuses: wantsMultiplesOf4<S>('N'),
    constants: (shape) => shape,
    grid: ({ N }) => [N / 4, 1],
  };
}

export const batchNormForward = defineKernel({
  op: 'batch-norm-forward',
  bindings: [
    read('x'),
    read('affine'),
    read('counters'),
    readWrite('running'),
    readWrite('saved'),
    readWrite('y'),
  ],
  cost: ({ M, N }: BatchNormForwardShape) => ({ flops: 8 * M * N, bytes: 8 * M * N }),
  variants: [
    {
      name: 'naive',
      source: shader('batch-norm-forward/naive'),
      constants: (shape) => shape,
      grid: perColumn,
    },
    strip(shader('batch-norm-forward/strip'), 64),
    quad(shader('batch-norm-forward/quad')),
  ],
  preferred: { swiftshader: ['quad'], cpu: ['quad'], gpu: ['strip-64'] },
});

export const batchNormInference = defineKernel({
  op: 'batch-norm-inference',
  bindings: [read('x'), read('affine'), read('running'), readWrite('y')],
  cost: ({ M, N }: BatchNormShape & { readonly EPS: number }) => ({ flops: 4 * M * N, bytes: 8 * M * N }),
  variants: [
    {
      name: 'naive',
      source: shader('batch-norm-inference/naive'),
      constants: (shape) => ({ ...shape, ROWS: 8 }),
      grid: ({ M, N }) => [ceil(N / 64), ceil(M / 8)],
    },
  ],
});

/**
 * Two vec4 side by side are what a GPU reads at once, and few, so that many workgroups share the columns. A lane has 32 rows or more, which
 * its part in the tree is little to.
 */
const statisticsTile = ({ M, N }: BatchNormStatisticsShape) => ({
  VECS: N > 4 ? 2 : 1,
  LANES: Math.min(128, 2 ** Math.floor(Math.log2(Math.max(1, M / 32)))),
});

/** Mean and variance of all rows of all chunks, merged chunk by chunk into `running`. */
export const batchNormStatistics = defineKernel({
  op: 'batch-norm-statistics',
  bindings: [read('x'), read('counters'), readWrite('running')],
  cost: ({ M, N }: BatchNormStatisticsShape) => ({ flops: 4 * M * N, bytes: 4 * M * N }),
  variants: [
    {
      name: 'strip',
      source: shader('batch-norm-statistics/strip'),
      refuses: wantsMultiplesOf4('N'),
      constants: (shape) => ({ ...shape, ...statisticsTile(shape) }),
      grid: (shape) => [ceil(shape.N / 4 / statisticsTile(shape).VECS), 1],
    },
  ],
});

export const batchNormBackward = defineKernel({
  op: 'batch-norm-backward',
  bindings: [read('dy'), read('x'), read('affine'), read('saved'), readWrite('daffine'), readWrite('dx')],
  cost: ({ M, N }: BatchNormShape) => ({ flops: 12 * M * N, bytes: 12 * M * N }),
  variants: [
    {
      name: 'naive',
      source: shader('batch-norm-backward/naive'),
      constants: (shape) => shape,
      grid: perColumn,
    },
    strip(shader('batch-norm-backward/strip'), 64),
    quad(shader('batch-norm-backward/quad')),
  ],
  preferred: { swiftshader: ['quad'], cpu: ['quad'], gpu: ['strip-64'] },
});
