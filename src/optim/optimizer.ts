// What an optimizer is: a table entry. A new one is a file here and a line in index.ts.
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import type { KernelCall } from '../kernels/call.ts';
import { type OptimizerSpec, optimizerOf } from './index.ts';

/** A number, or a switch, that a user may set. */
export interface OptimizerOption {
  /** Its name in the spec; `--weight-decay` on the command line. */
  readonly name: string;
  readonly what: string;
  /** Range of a number, ends included; absent for a switch. */
  readonly range?: readonly [number, number];
}

/** What an update works on. */
export interface UpdateTensors {
  readonly params: Tensor;
  readonly grads: Tensor;
  readonly counters: Tensor;
  /** (steps, 4): learning rate, and what `perStep` gives. */
  readonly perStep: Tensor;
  /** (R, 2): lambda, factor on the learning rate. */
  readonly perReplica: Tensor;
}

/** Which part of the parameters the L2 term is for, and for how many replicas: the shape that all updates have. */
export interface UpdateSizes {
  readonly COUNT: number;
  readonly DECAYED: number;
  readonly REPLICAS: number;
}

/** A kind of optimizer. `S`: its settings, plain data. */
export interface OptimizerKind<S extends { readonly kind: string }> {
  readonly kind: S['kind'];
  /** For people: `SGD`. */
  readonly title: string;
  readonly defaults: S;
  readonly options: readonly OptimizerOption[];
  /** Names of what it keeps for every parameter, 0 at the start: a checkpoint has it. */
  state(spec: S): readonly string[];
  /** At most three numbers that step t = 0, 1, ... looks up beside the learning rate. */
  perStep?(spec: S, t: number): readonly number[];
  /** The update of all parameters of all replicas. */
  update(
    spec: S,
    sizes: UpdateSizes,
    tensors: UpdateTensors,
    state: Readonly<Record<string, Tensor>>,
  ): KernelCall;
}

/** An update of all parameters of all replicas, and the tensors that belong to it. */
export interface Optimizer {
  readonly call: KernelCall;
  readonly perStep: Tensor;
  readonly perReplica: Tensor;
  /** State that a checkpoint must keep, by name, (R, count) each: mu and nu of Adam. */
  readonly state: Readonly<Record<string, Tensor>>;
}

/** What an optimizer is made for. */
export interface OptimizerTarget {
  readonly params: Tensor;
  readonly grads: Tensor;
  readonly counters: Tensor;
  /** Parameters of a replica, and how many of them, from the start, the L2 term is for. */
  readonly parameterCount: number;
  readonly decayedCount: number;
  /** Steps that the tables hold. */
  readonly steps: number;
}

/** Allocates tables and state and describes the update. */
export function makeOptimizer(
  allocator: Allocator,
  spec: OptimizerSpec,
  { params, grads, counters, parameterCount, decayedCount, steps }: OptimizerTarget,
): Optimizer {
  const kind = optimizerOf(spec);
  const { replicas } = params;
  const perStep = allocator.tensor('numbers per step', 4 * Math.max(steps, 1));
  const perReplica = allocator.tensor('numbers per replica', 2 * replicas);
  const state = Object.fromEntries(
    kind.state(spec).map((name) => [name, allocator.tensor(name, parameterCount, replicas)]),
  );
  const sizes = { COUNT: parameterCount, DECAYED: decayedCount, REPLICAS: replicas };
  const call = kind.update(spec, sizes, { params, grads, counters, perStep, perReplica }, state);
  return { call, perStep, perReplica, state };
}

/** (steps, 4): the learning rate of each step and what the optimizer looks up beside it. */
export function perStepTable(
  spec: OptimizerSpec,
  steps: number,
  rateOf: (t: number) => number,
): Float32Array<ArrayBuffer> {
  const kind = optimizerOf(spec);
  const table = new Float32Array(4 * Math.max(steps, 1));
  for (let t = 0; t < steps; t++) table.set([rateOf(t), ...(kind.perStep?.(spec, t) ?? [])], 4 * t);
  return table;
}

/** (R, 2): lambda and factor on the learning rate of each replica. */
export const perReplicaTable = (
  replicas: readonly { readonly lambda: number; readonly rateScale: number }[],
): Float32Array<ArrayBuffer> =>
  Float32Array.from(replicas.flatMap(({ lambda, rateScale }) => [lambda, rateScale]));
