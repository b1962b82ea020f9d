/**
 * Cases of batch norm over many rows, pass by pass; the inputs are those of checks/batch-norm.ts. Bounds as there: sums have as many terms as rows, and
 * `elementwise` more for what comes behind. A GELU behind has a slope under 1.13 and a second derivative under 0.8, and errs by `geluError` itself.
 */
import type {
  ApplyShape,
  GradientPartsShape,
  MergeShape,
  MomentsShape,
  NormaliseShape,
} from '../../kernels/batch-norm-parts.ts';
import { rowsPerPart } from '../../kernels/parts.ts';
import {
  absBatchNormBackward,
  absBatchNormForward,
  absBatchNormInference,
  batchNormBackward,
  batchNormForward,
  batchNormInference,
} from '../batch-norm.ts';
import { gelu, geluSlope } from '../gelu.ts';
import type { Numbers } from '../numbers.ts';
import { relu, reluBackward } from '../relu.ts';
import { sumBound, sumFactor } from '../tolerance.ts';
import { affines, columns, elementwise, halves } from './batch-norm.ts';
import { type CaseBuilder, floats, joined, type OpCheck } from './case.ts';
import { geluError } from './gelu.ts';
import { partsShapes } from './parts.ts';

const orders = [
  { RELU_BEFORE: 0, ACTIVATION: 1 },
  { RELU_BEFORE: 1, ACTIVATION: 0 },
  { RELU_BEFORE: 0, ACTIVATION: 2 },
  { RELU_BEFORE: 0, ACTIVATION: 0 },
] as const;

const shapes = (): readonly (NormaliseShape & { readonly PARTS: number })[] =>
  [...partsShapes, ...partsShapes.slice(1, 4)].map((shape, i) => ({ ...shape, ...orders[i % 4]! }));

/** Rows of each part of an array of M rows of N columns. */
function partsOf(x: Float32Array, shape: { readonly M: number; readonly N: number; readonly PARTS: number }) {
  const rows = rowsPerPart(shape);
  return Array.from({ length: shape.PARTS }, (_, part) => {
    const [from, to] = [Math.min(part * rows, shape.M), Math.min((part + 1) * rows, shape.M)];
    return { rows: to - from, x: x.subarray(from * shape.N, to * shape.N) };
  });
}

const ones = (N: number): Float64Array => new Float64Array(N).fill(1);

/**
 * The factor of sumBound for squares, which all have one sign: an adapter that rounds towards zero errs the same way each time, so the
 * guaranteed bound of 2 u per addition counts (lavapipe, 228 u in 516 rows of a column that hardly varies).
 */
const sameSign = (rows: number): number => Math.max(sumFactor, 2 * Math.sqrt(rows));

export const batchNormMomentsCheck: OpCheck<MomentsShape> = {
  shapes: () => partsShapes.map((shape, i) => ({ ...shape, RELU_BEFORE: i % 2 === 0 ? 0 : 1 })),
  build(build, shape) {
    const { N, RELU_BEFORE } = shape;
    const x = build.input('x', () => columns(build, shape));
    build.expect('partial', (r) => {
      const parts = partsOf(x(r), shape).map((part) => {
        if (part.rows === 0) return { values: new Float64Array(2 * N), bound: new Float64Array(2 * N) };
        const z = RELU_BEFORE === 1 ? relu(part.x) : part.x;
        const size = { B: part.rows, N };
        const { batchMean, batchVariance } = batchNormForward(z, ones(N), ones(N), size, 0);
        const scale = absBatchNormForward(z, ones(N), ones(N), size, 1);
        const squares = (variance: Float64Array) => variance.map((value) => part.rows * value);
        return {
          values: joined(batchMean, squares(batchVariance)),
          bound: joined(
            // Deviations from the first row are summed: what it is far from the mean is lost again.
            sumBound(
              scale.batchMean.map((size, n) => size + Math.abs(z[n]!)),
              part.rows + elementwise,
            ),
            sumBound(squares(scale.batchVariance), part.rows + elementwise, sameSign(part.rows)),
          ),
        };
      });
      return {
        values: joined(...parts.map(({ values }) => values)),
        bound: joined(...parts.map(({ bound }) => bound)),
      };
    });
  },
};

export const batchNormMergeCheck: OpCheck<MergeShape> = {
  shapes: () =>
    partsShapes.map((shape, i) => ({
      ...shape,
      EPS: 1e-5,
      STATS_MOMENTUM: i % 2 === 0 ? 0.1 : 0.25,
      VARIANCE_FACTOR: shape.M > 1 && i % 3 !== 1 ? shape.M / (shape.M - 1) : 1,
      FIRST_BATCH_SETS: i % 3 === 2 ? 0 : 1,
    })),
  build(build, shape) {
    const { M, N, EPS, VARIANCE_FACTOR, FIRST_BATCH_SETS } = shape;
    const xs = Array.from({ length: build.replicas }, () => columns(build, { M, N }));
    const partial = build.input('partial', (r) =>
      Float32Array.from(
        partsOf(xs[r]!, shape).flatMap((part) => {
          if (part.rows === 0) return Array.from({ length: 2 * N }, () => 0);
          const { batchMean, batchVariance } = batchNormForward(
            part.x,
            ones(N),
            ones(N),
            { B: part.rows, N },
            0,
          );
          return [...batchMean, ...batchVariance.map((value) => part.rows * value)];
        }),
      ),
    );
    const firstReplica = build.below(2);
    const counters = build.input('counters', (r) => build.counters(r % 2 === firstReplica ? 0 : 7));
    const running = build.input('running', () =>
      floats(2 * N, (i) => (i < N ? build.normal() : 0.1 + build.uniform())),
    );
    const results = Array.from({ length: build.replicas }, (_, r) => {
      // The moments as they are given, rounded, merged in float64; the rounding of the inputs is not the kernel's error.
      const [mean, variance] = mergedMoments(partial(r), shape);
      const scale = absBatchNormForward(xs[r]!, ones(N), ones(N), { B: M, N }, EPS);
      const terms = shape.PARTS + elementwise;
      const invStd = variance.map((value) => 1 / Math.sqrt(value + Math.fround(EPS)));
      const isFirst = FIRST_BATCH_SETS === 1 && counters(r)[0] === 0;
      const weight = isFirst ? 1 : Math.fround(shape.STATS_MOMENTUM);
      const [oldMean, oldVariance] = halves(running(r));
      const average = (old: Numbers, fresh: Float64Array, error: Float64Array, factor: number) => ({
        values: fresh.map((value, n) => (1 - weight) * old[n]! + weight * factor * value),
        bound: error.map((value, n) => {
          const size = (1 - weight) * Math.abs(old[n]!) + weight * factor * Math.abs(fresh[n]!);
          return weight * factor * value + sumBound(size, 1)[0]!;
        }),
      });
      const meanError = sumBound(scale.batchMean, terms);
      const varianceError = sumBound(scale.batchVariance, terms);
      const ofMean = average(oldMean, mean, meanError, 1);
      const ofVariance = average(oldVariance, variance, varianceError, Math.fround(VARIANCE_FACTOR));
      return {
        saved: { values: joined(mean, invStd), bound: joined(meanError, sumBound(scale.invStd, terms)) },
        running: {
          values: joined(ofMean.values, ofVariance.values),
          bound: joined(ofMean.bound, ofVariance.bound),
        },
      };
    });
    for (const name of ['saved', 'running'] as const) build.expect(name, (r) => results[r]![name]);
  },
};

/** Mean and biased variance of all rows from the moments of the parts. */
function mergedMoments(partial: Float32Array, shape: MergeShape): [Float64Array, Float64Array] {
  const { M, N, PARTS } = shape;
  const rows = Array.from({ length: PARTS }, (_, part) =>
    Math.max(0, Math.min(rowsPerPart(shape), M - part * rowsPerPart(shape))),
  );
  const mean = Float64Array.from({ length: N }, (_, n) =>
    rows.reduce((sum, count, part) => sum + (count * partial[part * 2 * N + n]!) / M, 0),
  );
  const variance = mean.map((value, n) =>
    rows.reduce((sum, count, part) => {
      const d = partial[part * 2 * N + n]! - value;
      return sum + (partial[part * 2 * N + N + n]! + count * d * d) / M;
    }, 0),
  );
  return [mean, variance];
}

const activations = [
  (z: Numbers) => Float64Array.from(z),
  (z: Numbers) => relu(z),
  (z: Numbers) => gelu(z),
] as const;

export const batchNormApplyCheck: OpCheck<ApplyShape> = {
  shapes: () =>
    shapes().map(({ PARTS: _, ...shape }, i) => ({
      ...shape,
      FROM_VARIANCE: i % 3 === 1 ? 1 : 0,
      EPS: 1e-5,
    })),
  build(build, shape) {
    const { M, N, RELU_BEFORE, ACTIVATION, FROM_VARIANCE } = shape;
    const x = build.input('x', () => columns(build, shape));
    const affine = build.input('affine', () => affines(build, shape));
    const statistics = build.input('statistics', () =>
      floats(2 * N, (i) => (i < N ? build.normal() : 0.1 + build.uniform())),
    );
    build.expect('y', (r) => {
      const [gamma, beta] = halves(affine(r));
      const [mean, second] = halves(statistics(r));
      const eps = FROM_VARIANCE === 1 ? Math.fround(shape.EPS) : 0;
      const variance = FROM_VARIANCE === 1 ? second : Float64Array.from(second, (value) => 1 / value ** 2);
      const z = RELU_BEFORE === 1 ? relu(x(r)) : x(r);
      const size = { B: M, N };
      const stats = { mean, variance };
      const values = batchNormInference(z, gamma, beta, stats, size, eps);
      const bound = sumBound(absBatchNormInference(z, gamma, beta, stats, size, eps), elementwise);
      return {
        values: activations[ACTIVATION](values),
        bound: ACTIVATION === 2 ? bound.map((value) => 1.13 * value + geluError) : bound,
      };
    });
  },
};

/** Inputs of the backward passes, and g = dy through the activation behind with its error. */
function backwardInputs(build: CaseBuilder, shape: NormaliseShape) {
  const { M, N, RELU_BEFORE, ACTIVATION } = shape;
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
  const normalised = (r: number, value: number, n: number) => {
    const [gamma, beta] = halves(affine(r));
    const [mean, invStd] = halves(saved(r));
    const input = RELU_BEFORE === 1 ? Math.max(value, 0) : value;
    return gamma[n]! * ((input - mean[n]!) * invStd[n]!) + beta[n]!;
  };
  // With the ReLU behind, an output near 0 may be on either side of it: such inputs are moved away.
  const x = build.input('x', (r) =>
    xs[r]!.map((value, i) => {
      const n = i % N;
      const isNear = ACTIVATION === 1 && Math.abs(normalised(r, value, n)) < 2 ** -10;
      return isNear ? value + 0.25 / Math.abs(affine(r)[n]! * saved(r)[N + n]!) : value;
    }),
  );
  return (r: number) => {
    const [gamma, beta] = halves(affine(r));
    const [mean, invStd] = halves(saved(r));
    const opened = Float64Array.from(x(r), (value, i) => normalised(r, value, i % N));
    const variance = Float64Array.from(invStd, (value) => 1 / value ** 2);
    const openedError = sumBound(
      absBatchNormInference(z(x(r)), gamma, beta, { mean, variance }, size, 0),
      elementwise,
    );
    const g =
      ACTIVATION === 1
        ? reluBackward(dy(r), opened)
        : Float64Array.from(dy(r), (value, i) => (ACTIVATION === 2 ? value * geluSlope(opened[i]!) : value));
    const gError = Float64Array.from(dy(r), (value, i) =>
      ACTIVATION === 2 ? Math.abs(value) * (0.8 * openedError[i]! + geluError) : 0,
    );
    return { g, gError, x: x(r), z: z(x(r)), gamma, mean, invStd };
  };
}

export const batchNormGradientPartsCheck: OpCheck<GradientPartsShape> = {
  shapes,
  build(build, shape) {
    const { M, N, PARTS } = shape;
    const inputs = backwardInputs(build, shape);
    const rows = rowsPerPart(shape);
    build.expect('partial', (r) => {
      const { g, gError, z, gamma, mean, invStd } = inputs(r);
      const parts = Array.from({ length: PARTS }, (_, part) => {
        const [from, to] = [Math.min(part * rows, M) * N, Math.min((part + 1) * rows, M) * N];
        const size = { B: (to - from) / N, N };
        const zPart = Array.from(z).slice(from, to);
        const gPart = g.subarray(from, to);
        const { dgamma, dbeta } = batchNormBackward(gPart, zPart, gamma, mean, invStd, size);
        const scale = absBatchNormBackward(gPart, zPart, gamma, mean, invStd, size);
        const carried = absBatchNormBackward(gError.subarray(from, to), zPart, gamma, mean, invStd, size);
        const bound = sumBound(joined(scale.dgamma, scale.dbeta), rows + elementwise);
        const more = joined(carried.dgamma, carried.dbeta);
        return { values: joined(dgamma, dbeta), bound: bound.map((value, i) => value + more[i]!) };
      });
      return {
        values: joined(...parts.map(({ values }) => values)),
        bound: joined(...parts.map(({ bound }) => bound)),
      };
    });
  },
};

export const batchNormDxCheck: OpCheck<NormaliseShape> = {
  shapes: () => shapes().map(({ PARTS: _, ...shape }) => shape),
  build(build, shape) {
    const size = { B: shape.M, N: shape.N };
    const inputs = backwardInputs(build, shape);
    build.input('daffine', (r) => {
      const { g, z, gamma, mean, invStd } = inputs(r);
      const { dgamma, dbeta } = batchNormBackward(g, z, gamma, mean, invStd, size);
      return Float32Array.from(joined(dgamma, dbeta));
    });
    build.expect('dx', (r) => {
      const { g, gError, x, z, gamma, mean, invStd } = inputs(r);
      const { dx } = batchNormBackward(g, z, gamma, mean, invStd, size);
      const through = (values: Float64Array) => (shape.RELU_BEFORE === 1 ? reluBackward(values, x) : values);
      // The given sums are rounded once; the rest is elementwise. The scale of the sums covers both.
      const scale = absBatchNormBackward(g, z, gamma, mean, invStd, size);
      const rounding = sumBound(scale.dx, elementwise);
      const bound = rounding.map((value, i) => {
        const n = i % shape.N;
        return value + Math.abs(gamma[n]! * invStd[n]!) * gError[i]!;
      });
      return { values: through(dx), bound: through(bound) };
    });
  },
};
