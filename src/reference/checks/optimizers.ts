/**
 * Cases of SGD, SGD with momentum, Adam and AdamW: tables of several steps, replicas at different steps, the L2 term on the first DECAYED elements.
 *
 * Bounds: a handful of operations on each element, of which each errs by 2 units of 2^-24 and each rounded constant by
 * 1: at most 11 units, which two terms cover (8 sqrt(2) = 11.3).
 */
import type { AdamShape, MomentumShape, UpdateShape } from '../../kernels/optimizers.ts';
import { absAdam, adam } from '../adam.ts';
import type { Numbers } from '../numbers.ts';
import { absSgd, sgd } from '../sgd.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, type Expected, floats, type OpCheck } from './case.ts';

const terms = 2;
/** Rows of the tables that are indexed by the step. */
const tableSteps = 6;

const shapes = (REPLICAS: number): readonly UpdateShape[] => [
  { COUNT: 1, DECAYED: 1, REPLICAS, WEIGHT_DECAY: 0, SKIP: 0 },
  { COUNT: 4, DECAYED: 4, REPLICAS, WEIGHT_DECAY: 0, SKIP: 0 },
  { COUNT: 52, DECAYED: 0, REPLICAS, WEIGHT_DECAY: 0.125, SKIP: 16 },
  { COUNT: 68, DECAYED: 20, REPLICAS, WEIGHT_DECAY: 0.03, SKIP: 0 },
  { COUNT: 260, DECAYED: 256, REPLICAS, WEIGHT_DECAY: 0, SKIP: 0 },
  { COUNT: 1108, DECAYED: 1000, REPLICAS, WEIGHT_DECAY: 0, SKIP: 60 },
];

/** What all optimizers are given: parameters, gradients, the tables, and which elements decay. `perStep(t)`: behind the rate. */
function commonInputs(
  build: CaseBuilder,
  { COUNT, DECAYED }: UpdateShape,
  perStep: (t: number) => readonly number[] = () => [],
) {
  const params = build.input('params', () => build.normals(COUNT));
  const grads = build.input('grads', () => floats(COUNT, () => (build.below(16) === 0 ? 0 : build.normal())));
  const rates = build.sharedInput('perStep', () => {
    const table = new Float32Array(4 * tableSteps);
    for (let t = 0; t < tableSteps; t++) table.set([10 ** -(1 + 3 * build.uniform()), ...perStep(t)], 4 * t);
    return table;
  })(0);
  const replicas = build.sharedInput('perReplica', () =>
    floats(2 * build.replicas, (i) => (i % 2 === 0 ? 0.1 : 2) * build.uniform()),
  )(0);
  const counters = build.input('counters', () => build.counters(build.below(tableSteps)));
  const settings = (r: number) => {
    const step = counters(r)[0]!;
    const learningRate = rates[4 * step]! * replicas[2 * r + 1]!;
    return { learningRate, lambda: replicas[2 * r]!, step: step + 1 };
  };
  return { params, grads, settings, decayed: floats(COUNT, (i) => (i < DECAYED ? 1 : 0)) };
}

/** What all parameters would be. */
interface Wholly {
  readonly values: Float64Array;
  readonly bound: Float64Array;
}

/** What is skipped stays as it was, to the bit. */
function keeping({ SKIP }: UpdateShape, before: Numbers, { values, bound }: Wholly): Expected {
  const isKept = (i: number) => i < SKIP;
  return {
    values: values.map((value, i) => (isKept(i) ? before[i]! : value)),
    bound: bound.map((value, i) => (isKept(i) ? 0 : value)),
  };
}

export const sgdCheck: OpCheck<UpdateShape> = {
  shapes,
  build(build, shape) {
    const { params, grads, settings, decayed } = commonInputs(build, shape);
    const velocity = new Float32Array(shape.COUNT);
    build.expect('params', (r) => {
      const input = { w: params(r), dw: grads(r), velocity, decayed };
      const all = { ...settings(r), weightDecay: shape.WEIGHT_DECAY };
      return keeping(shape, params(r), {
        values: sgd(input, all).w,
        bound: sumBound(absSgd(input, all).w, terms),
      });
    });
  },
};

export const sgdMomentumCheck: OpCheck<MomentumShape> = {
  shapes: (replicas) =>
    shapes(replicas).map((shape, i) => ({ ...shape, MOMENTUM: 0.9, NESTEROV: i % 2 === 0 ? 1 : 0 })),
  build(build, shape) {
    const { params, grads, settings, decayed } = commonInputs(build, shape);
    const velocity = build.input('velocity', () => build.normals(shape.COUNT, 0, 0.5));
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const input = { w: params(r), dw: grads(r), velocity: velocity(r), decayed };
      const { MOMENTUM: momentum, NESTEROV, WEIGHT_DECAY: weightDecay } = shape;
      const all = { ...settings(r), momentum, nesterov: NESTEROV === 1, weightDecay };
      const [values, scale] = [sgd(input, all), absSgd(input, all)];
      return {
        params: keeping(shape, params(r), { values: values.w, bound: sumBound(scale.w, terms) }),
        velocity: keeping(shape, velocity(r), {
          values: values.velocity,
          bound: sumBound(scale.velocity, terms),
        }),
      };
    });
    for (const name of ['velocity', 'params'] as const) build.expect(name, (r) => results[r]![name]);
  },
};

export const adamCheck: OpCheck<AdamShape> = {
  shapes: (replicas) => shapes(replicas).map((shape) => ({ ...shape, B1: 0.9, B2: 0.999, EPS: 1e-8 })),
  build(build, shape) {
    const { COUNT, B1, B2, EPS, WEIGHT_DECAY: weightDecay } = shape;
    const corrections = (t: number) => [1 - B1 ** (t + 1), 1 - B2 ** (t + 1)];
    const { params, grads, settings, decayed } = commonInputs(build, shape, corrections);
    const mu = build.input('mu', () => build.normals(COUNT, 0, 0.5));
    // Of a gradient's size, and 0 as in the first step.
    const nu = build.input('nu', () =>
      floats(COUNT, () => (build.below(8) === 0 ? 0 : build.normal() ** 2 + 0.01)),
    );
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const all = { ...settings(r), b1: B1, b2: B2, eps: EPS, weightDecay };
      const state = [params(r), grads(r), mu(r), nu(r), decayed] as const;
      const values = adam(...state, all);
      const scale = absAdam(...state, all);
      return {
        params: keeping(shape, params(r), { values: values.w, bound: sumBound(scale.w, terms) }),
        mu: keeping(shape, mu(r), { values: values.mu, bound: sumBound(scale.mu, terms) }),
        nu: keeping(shape, nu(r), { values: values.nu, bound: sumBound(scale.nu, terms) }),
      };
    });
    for (const name of ['mu', 'nu', 'params'] as const) build.expect(name, (r) => results[r]![name]);
  },
};
