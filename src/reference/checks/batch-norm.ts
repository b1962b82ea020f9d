/**
 * Cases of batch norm: columns with an offset, constant columns (variance 0), exact zeros in front of the ReLU.
 *
 * Bounds: sums have M terms. Behind them come the elementwise operations of an output: in units of 2^-24 a subtraction,
 * adding eps (half of it), WGSL's sqrt (2 + 2.5 ULP) and division (2.5 ULP), two products and a sum are at most 23
 * (https://www.w3.org/TR/WGSL/#floating-point-accuracy), which 9 more terms cover: 8 sqrt(9) = 24.
 */
import type {
  BatchNormForwardShape,
  BatchNormShape,
  BatchNormStatisticsShape,
} from '../../kernels/batch-norm.ts';
import {
  absBatchNormBackward,
  absBatchNormForward,
  absBatchNormInference,
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  mergeStatistics,
} from '../batch-norm.ts';
import type { Numbers } from '../numbers.ts';
import { relu, reluBackward } from '../relu.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, joined, type OpCheck } from './case.ts';

export const elementwise = 9;

/** The three places of the ReLU. */
export const reluOrders = [
  { RELU_BEFORE: 0, RELU_AFTER: 1 },
  { RELU_BEFORE: 1, RELU_AFTER: 0 },
  { RELU_BEFORE: 0, RELU_AFTER: 0 },
] as const;

const sizes = [
  { M: 1, N: 1 },
  { M: 2, N: 3 },
  { M: 17, N: 67 },
  { M: 1, N: 4 },
  { M: 7, N: 12 },
  { M: 37, N: 20 },
  { M: 101, N: 52 },
];

/** Sizes with the three orders in turn, and all three for the size of a net's layer. */
const shapes = (): readonly BatchNormShape[] => [
  ...sizes.map((size, i) => ({ ...size, ...reluOrders[i % 3]! })),
  ...reluOrders.map((order) => ({ M: 100, N: 52, ...order })),
];

/** Columns of different mean and scale; every fifth is constant; zeros of both signs, where the ReLU has its corner. */
export function columns(
  build: CaseBuilder,
  { M, N }: { readonly M: number; readonly N: number },
): Float32Array<ArrayBuffer> {
  const means = build.normals(N, 0, 3);
  const stds = floats(N, (n) => (n % 5 === 3 ? 0 : 0.1 + 2 * build.uniform()));
  return floats(M * N, (i) => {
    const std = stds[i % N]!;
    const value = means[i % N]! + (std === 0 ? 0 : std * build.normal());
    return std > 0 && build.below(16) === 0 ? [0, -0][build.below(2)]! : value;
  });
}

export const affines = (build: CaseBuilder, { N }: { readonly N: number }) =>
  floats(2 * N, (i) => (i < N ? build.normal(1, 0.5) : build.normal(0, 0.5)));

/** The two halves of a (2, N) binding. */
export function halves(pair: Float32Array): [Float32Array, Float32Array] {
  return [pair.subarray(0, pair.length / 2), pair.subarray(pair.length / 2)];
}

export const batchNormForwardCheck: OpCheck<BatchNormForwardShape> = {
  shapes: () =>
    shapes().map((shape, i) => ({
      ...shape,
      EPS: 1e-5,
      STATS_MOMENTUM: i % 2 === 0 ? 0.1 : 0.25,
      VARIANCE_FACTOR: shape.M > 1 && i % 3 !== 1 ? shape.M / (shape.M - 1) : 1,
      FIRST_BATCH_SETS: i % 3 === 2 ? 0 : 1,
    })),
  build(build, shape) {
    const { M, N, RELU_BEFORE, RELU_AFTER, VARIANCE_FACTOR, FIRST_BATCH_SETS } = shape;
    const x = build.input('x', () => columns(build, shape));
    const affine = build.input('affine', () => affines(build, shape));
    // Replicas in their first batch stand beside others.
    const firstReplica = build.below(2);
    const counters = build.input('counters', (r) => build.counters(r % 2 === firstReplica ? 0 : 7));
    const running = build.input('running', () =>
      floats(2 * N, (i) => (i < N ? build.normal() : 0.1 + build.uniform())),
    );
    const size = { B: M, N };
    const eps = Math.fround(shape.EPS);
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const z = RELU_BEFORE === 1 ? relu(x(r)) : x(r);
      const [gamma, beta] = halves(affine(r));
      const { y, batchMean, batchVariance, invStd } = batchNormForward(z, gamma, beta, size, eps);
      const scale = absBatchNormForward(z, gamma, beta, size, eps);
      const terms = M + elementwise;
      const isFirst = FIRST_BATCH_SETS === 1 && counters(r)[0] === 0;
      const weight = isFirst ? 1 : Math.fround(shape.STATS_MOMENTUM);
      /** (1 - weight) old + weight fresh: the error of `fresh`, and 8 units of the two terms for the average itself. */
      const average = (old: Numbers, fresh: Float64Array, freshScale: Float64Array, factor: number) => ({
        values: fresh.map((value, n) => (1 - weight) * old[n]! + weight * factor * value),
        bound: sumBound(freshScale, terms).map((error, n) => {
          const size = (1 - weight) * Math.abs(old[n]!) + weight * factor * Math.abs(fresh[n]!);
          return weight * factor * error + sumBound(size, 1)[0]!;
        }),
      });
      const [oldMean, oldVariance] = halves(running(r));
      const mean = average(oldMean, batchMean, scale.batchMean, 1);
      const variance = average(oldVariance, batchVariance, scale.batchVariance, VARIANCE_FACTOR);
      return {
        // A ReLU moves two numbers no further apart, so the bound is that of what is in front of it.
        y: { values: RELU_AFTER === 1 ? relu(y) : y, bound: sumBound(scale.y, terms) },
        saved: {
          values: joined(batchMean, invStd),
          bound: sumBound(joined(scale.batchMean, scale.invStd), terms),
        },
        running: {
          values: joined(mean.values, variance.values),
          bound: joined(mean.bound, variance.bound),
        },
      };
    });
    for (const name of ['running', 'saved', 'y'] as const) build.expect(name, (r) => results[r]![name]);
  },
};

export const batchNormInferenceCheck: OpCheck<BatchNormShape & { readonly EPS: number }> = {
  shapes: () => shapes().map((shape) => ({ ...shape, EPS: 1e-5 })),
  build(build, shape) {
    const { M, N, RELU_BEFORE, RELU_AFTER } = shape;
    const x = build.input('x', () => columns(build, shape));
    const affine = build.input('affine', () => affines(build, shape));
    const running = build.input('running', () =>
      floats(2 * N, (i) => (i < N ? build.normal() : build.below(4) * build.uniform())),
    );
    build.expect('y', (r) => {
      const z = RELU_BEFORE === 1 ? relu(x(r)) : x(r);
      const [gamma, beta] = halves(affine(r));
      const [mean, variance] = halves(running(r));
      const size = { B: M, N };
      const eps = Math.fround(shape.EPS);
      const y = batchNormInference(z, gamma, beta, { mean, variance }, size, eps);
      const scale = absBatchNormInference(z, gamma, beta, { mean, variance }, size, eps);
      return { values: RELU_AFTER === 1 ? relu(y) : y, bound: sumBound(scale, elementwise) };
    });
  },
};

export const batchNormStatisticsCheck: OpCheck<BatchNormStatisticsShape> = {
  shapes: () =>
    [
      ...sizes.map(({ M, N }, i) => ({
        M,
        N: 4 * Math.ceil(N / 4),
        TOTAL: [M, 3 * M, 2 * M + 1, 2 * M - 1][i % 4]!,
      })),
      // One chunk that is not full.
      { M: 16, N: 8, TOTAL: 11 },
      { M: 300, N: 52, TOTAL: 750 },
      { M: 4100, N: 12, TOTAL: 9000 },
    ].map(({ M, N, TOTAL }, i) => ({
      M,
      N,
      TOTAL,
      RELU_BEFORE: i % 2 === 0 ? 0 : 1,
      VARIANCE_FACTOR: i % 3 === 0 || TOTAL === 1 ? 1 : TOTAL / (TOTAL - 1),
    })),
  build(build, shape) {
    const { M, N, TOTAL, RELU_BEFORE, VARIANCE_FACTOR } = shape;
    const x = build.input('x', () => columns(build, shape));
    // Replicas in the first, a later and the last chunk stand beside each other.
    const chunks = Math.ceil(TOTAL / M);
    const firstChunk = build.below(chunks);
    const counters = build.input('counters', (r) => build.counters((firstChunk + r) % chunks));
    const running = build.input('running', () =>
      floats(2 * N, (i) => (i < N ? build.normal(0, 3) : 3 * build.uniform())),
    );
    build.expect('running', (r) => {
      const before = counters(r)[0]! * M;
      const rows = Math.min(M, TOTAL - before);
      const chunk = x(r).subarray(0, rows * N);
      const z = RELU_BEFORE === 1 ? relu(chunk) : chunk;
      const size = { B: rows, N };
      const [oldMean, oldVariance] = halves(running(r));
      const { mean, variance } = mergeStatistics({ mean: oldMean, variance: oldVariance }, before, z, size);
      const ones = new Float64Array(N).fill(1);
      const ofChunk = batchNormForward(z, ones, ones, size, 0);
      const scale = absBatchNormForward(z, ones, ones, size, 1);
      // Deviations from the first row are summed: what it is far from the mean is lost again.
      const meanError = sumBound(
        scale.batchMean.map((size, n) => size + Math.abs(z[n]!)),
        rows + elementwise,
      );
      const varianceError = sumBound(scale.batchVariance, rows + elementwise);
      const [a, b] = [before / (before + rows), rows / (before + rows)];
      const factor = before + rows === TOTAL ? Math.fround(VARIANCE_FACTOR) : 1;
      /** The chunk's own errors, what they become in the merge, and the rounding of the merge. */
      const bounds = Array.from({ length: N }, (_, n) => {
        const d = before === 0 ? 0 : Math.abs(ofChunk.batchMean[n]! - oldMean[n]!);
        const e = meanError[n]!;
        const sizeOfMean = before === 0 ? 0 : Math.abs(oldMean[n]!) + d;
        return {
          mean: b * e + sumBound(sizeOfMean, elementwise)[0]!,
          variance:
            factor *
            (b * varianceError[n]! + a * b * (2 * d * e + e * e) + sumBound(variance[n]!, elementwise)[0]!),
        };
      });
      return {
        values: joined(
          mean,
          variance.map((value) => factor * value),
        ),
        bound: [...bounds.map((bound) => bound.mean), ...bounds.map((bound) => bound.variance)],
      };
    });
  },
};

export const batchNormBackwardCheck: OpCheck<BatchNormShape> = {
  shapes,
  build(build, shape) {
    const { M, N, RELU_BEFORE, RELU_AFTER } = shape;
    const size = { B: M, N };
    const dy = build.input('dy', () => build.normals(M * N));
    const affine = build.input('affine', () => affines(build, shape));
    const xs = Array.from({ length: build.replicas }, () => columns(build, shape));
    const z = (x: Float32Array) => (RELU_BEFORE === 1 ? relu(x) : x);
    const saved = build.input('saved', (r) => {
      const [gamma, beta] = halves(affine(r));
      const { batchMean, invStd } = batchNormForward(z(xs[r]!), gamma, beta, size, 1e-5);
      return Float32Array.from(joined(batchMean, invStd));
    });
    /** What an element `value` of column n becomes in front of the ReLU behind. */
    const normalise = (r: number, value: number, n: number) => {
      const [gamma, beta] = halves(affine(r));
      const [mean, invStd] = halves(saved(r));
      const input = RELU_BEFORE === 1 ? Math.max(value, 0) : value;
      return gamma[n]! * ((input - mean[n]!) * invStd[n]!) + beta[n]!;
    };
    // With the ReLU behind, an output near 0 may be on either side of it: such inputs are moved away.
    const x = build.input('x', (r) =>
      xs[r]!.map((value, i) => {
        const n = i % N;
        const isNear = RELU_AFTER === 1 && Math.abs(normalise(r, value, n)) < 2 ** -10;
        return isNear ? value + 0.25 / Math.abs(affine(r)[n]! * saved(r)[N + n]!) : value;
      }),
    );
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const [gamma] = halves(affine(r));
      const [mean, invStd] = halves(saved(r));
      const opened = Float64Array.from(x(r), (value, i) => normalise(r, value, i % N));
      const g = RELU_AFTER === 1 ? reluBackward(dy(r), opened) : dy(r);
      const input = z(x(r));
      const { dx, dgamma, dbeta } = batchNormBackward(g, input, gamma, mean, invStd, size);
      const scale = absBatchNormBackward(g, input, gamma, mean, invStd, size);
      const through = (values: Float64Array) => (RELU_BEFORE === 1 ? reluBackward(values, x(r)) : values);
      const terms = M + elementwise;
      return {
        daffine: {
          values: joined(dgamma, dbeta),
          bound: sumBound(joined(scale.dgamma, scale.dbeta), terms),
        },
        dx: { values: through(dx), bound: through(sumBound(scale.dx, terms)) },
      };
    });
    for (const name of ['daffine', 'dx'] as const) build.expect(name, (r) => results[r]![name]);
  },
};
