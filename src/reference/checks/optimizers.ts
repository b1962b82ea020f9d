/**
 * Cases of SGD and Adam: tables of several steps, replicas at different steps, the L2 term on the first DECAYED elements.
 *
 * Bounds: a handful of operations on each element, of which each errs by 2 units of 2^-24 and each rounded constant by
 * 1: at most 11 units, which two terms cover (8 sqrt(2) = 11.3).
 */
import type { AdamShape, SgdShape } from '../../kernels/optimizers.ts';
import { absAdam, adam } from '../adam.ts';
import { absSgd, sgd } from '../sgd.ts';
import { sumBound } from '../tolerance.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

const terms = 2;
/** Rows of the tables that are indexed by the step. */
const tableSteps = 6;

const shapes = (REPLICAS: number): readonly SgdShape[] => [
  { COUNT: 1, DECAYED: 1, REPLICAS },
  { COUNT: 4, DECAYED: 4, REPLICAS },
  { COUNT: 52, DECAYED: 0, REPLICAS },
  { COUNT: 68, DECAYED: 20, REPLICAS },
  { COUNT: 260, DECAYED: 256, REPLICAS },
  { COUNT: 1108, DECAYED: 1000, REPLICAS },
];

/** The bias corrections of steps 0, 1, ...: (1 - b1^(step + 1), 1 - b2^(step + 1)). */
export function correctionTable(steps: number, b1: number, b2: number): Float32Array<ArrayBuffer> {
  return floats(2 * steps, (i) => 1 - (i % 2 === 0 ? b1 : b2) ** (Math.floor(i / 2) + 1));
}

/** What both optimizers are given: parameters, gradients, the tables, and which elements decay. */
function commonInputs(build: CaseBuilder, { COUNT, DECAYED }: SgdShape) {
  const params = build.input('params', () => build.normals(COUNT));
  const grads = build.input('grads', () => floats(COUNT, () => (build.below(16) === 0 ? 0 : build.normal())));
  const rates = build.sharedInput('rates', () =>
    floats(tableSteps * build.replicas, () => 10 ** -(1 + 3 * build.uniform())),
  )(0);
  const lambdas = build.sharedInput('lambdas', () => floats(build.replicas, () => 0.1 * build.uniform()))(0);
  const counters = build.input('counters', () => build.counters(build.below(tableSteps)));
  const settings = (r: number) => {
    const step = counters(r)[0]!;
    return { learningRate: rates[step * build.replicas + r]!, lambda: lambdas[r]!, step: step + 1 };
  };
  return { params, grads, settings, decayed: floats(COUNT, (i) => (i < DECAYED ? 1 : 0)) };
}

export const sgdCheck: OpCheck<SgdShape> = {
  shapes,
  build(build, shape) {
    const { params, grads, settings, decayed } = commonInputs(build, shape);
    build.expect('params', (r) => ({
      values: sgd(params(r), grads(r), decayed, settings(r)),
      bound: sumBound(absSgd(params(r), grads(r), decayed, settings(r)), terms),
    }));
  },
};

export const adamCheck: OpCheck<AdamShape> = {
  shapes: (replicas) => shapes(replicas).map((shape) => ({ ...shape, B1: 0.9, B2: 0.999, EPS: 1e-8 })),
  build(build, shape) {
    const { params, grads, settings, decayed } = commonInputs(build, shape);
    const { COUNT, B1, B2, EPS } = shape;
    build.sharedInput('corrections', () => correctionTable(tableSteps, B1, B2));
    const mu = build.input('mu', () => build.normals(COUNT, 0, 0.5));
    // Of a gradient's size, and 0 as in the first step.
    const nu = build.input('nu', () =>
      floats(COUNT, () => (build.below(8) === 0 ? 0 : build.normal() ** 2 + 0.01)),
    );
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const all = { ...settings(r), b1: B1, b2: B2, eps: EPS };
      const state = [params(r), grads(r), mu(r), nu(r), decayed] as const;
      const values = adam(...state, all);
      const scale = absAdam(...state, all);
      return {
        params: { values: values.w, bound: sumBound(scale.w, terms) },
        mu: { values: values.mu, bound: sumBound(scale.mu, terms) },
        nu: { values: values.nu, bound: sumBound(scale.nu, terms) },
      };
    });
    for (const name of ['mu', 'nu', 'params'] as const) build.expect(name, (r) => results[r]![name]);
  },
};
