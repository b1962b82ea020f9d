import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { adam, sgd } from '../kernels/optimizers.ts';

/** Which optimizer, with its settings; learning rate and lambda come in tables. */
export type OptimizerSpec =
  | { readonly kind: 'sgd' }
  /** Kingma & Ba 2015, https://arxiv.org/abs/1412.6980 */
  | { readonly kind: 'adam'; readonly b1: number; readonly b2: number; readonly eps: number };

/** PyTorch's defaults, which are the paper's. */
export const defaultAdam = { kind: 'adam', b1: 0.9, b2: 0.999, eps: 1e-8 } as const;

/** What an update works on. */
export interface OptimizerTensors {
  readonly params: Tensor;
  readonly grads: Tensor;
  readonly counters: Tensor;
  /** Parameters of a replica, and how many of them, from the start, the L2 term is for. */
  readonly parameterCount: number;
  readonly decayedCount: number;
}

/** An update of all parameters of all replicas, and the tensors that belong to it. */
export interface Optimizer {
  readonly call: KernelCall;
  /** (steps, R): learning rates. */
  readonly rates: Tensor;
  /** (R): weight of the L2 term. */
  readonly lambdas: Tensor;
  /** (steps, 2): bias corrections of Adam. */
  readonly corrections: Tensor | undefined;
  /** State that a checkpoint must keep, by name: mu and nu of Adam, (R, count) each. */
  readonly state: Readonly<Record<string, Tensor>>;
}

/** Allocates tables and moments for `steps` steps and describes the update. */
export function makeOptimizer(
  allocator: Allocator,
  spec: OptimizerSpec,
  { params, grads, counters, parameterCount, decayedCount }: OptimizerTensors,
  steps: number,
): Optimizer {
  const REPLICAS = params.replicas;
  const tables = Math.max(steps, 1);
  const rates = allocator.tensor('learning rates', tables * REPLICAS);
  const lambdas = allocator.tensor('lambdas', REPLICAS);
  const shape = { COUNT: parameterCount, DECAYED: decayedCount, REPLICAS };
  const common = { grads, rates, lambdas, counters, params };
  if (spec.kind === 'sgd') {
    return { call: call('sgd', sgd, shape, common), rates, lambdas, corrections: undefined, state: {} };
  }
  const corrections = allocator.tensor('bias corrections', 2 * tables);
  const mu = allocator.tensor('mu', parameterCount, REPLICAS);
  const nu = allocator.tensor('nu', parameterCount, REPLICAS);
  const adamShape = { ...shape, B1: spec.b1, B2: spec.b2, EPS: spec.eps };
  return {
    call: call('adam', adam, adamShape, { ...common, corrections, mu, nu }),
    rates,
    lambdas,
    corrections,
    state: { mu, nu },
  };
}

/** Adam's table: 1 - b1^t and 1 - b2^t for t = 1, 2, ..., in pairs. */
export function biasCorrections(
  spec: { readonly b1: number; readonly b2: number },
  steps: number,
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(2 * steps);
  for (let step = 0; step < steps; step++) {
    table[2 * step] = 1 - spec.b1 ** (step + 1);
    table[2 * step + 1] = 1 - spec.b2 ** (step + 1);
  }
  return table;
}
