// What an optimizer is: a table entry. A new one is a file here and a line in index.ts.
import { type Allocator, offsetAlignment, slice, type Tensor } from '../gpu/tensor.ts';
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

/** Which of the parameters that are bound are updated, which the L2 term is for, and for how many replicas: the shape that all updates have. */
export interface UpdateSizes {
  readonly COUNT: number;
  readonly DECAYED: number;
  readonly REPLICAS: number;
  readonly SKIP: number;
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
  /** The update of a range of parameters, of all replicas. */
  update(
    spec: S,
    sizes: UpdateSizes,
    tensors: UpdateTensors,
    state: Readonly<Record<string, Tensor>>,
  ): KernelCall;
}

/** An update of all parameters of all replicas, and the tensors that belong to it. */
export interface Optimizer {
  /** One per range of parameters that are updated alike. */
  readonly calls: readonly KernelCall[];
  /** A table for each number of steps in which parameters are updated. */
  readonly perStep: readonly { readonly table: Tensor; readonly trainedSteps: number }[];
  /** A table for each rate factor. */
  readonly perReplica: readonly { readonly table: Tensor; readonly rateFactor: number }[];
  /** State that a checkpoint must keep, by name, (R, count) each: mu and nu of Adam. */
  readonly state: Readonly<Record<string, Tensor>>;
}

/** Neighbouring parameters that are updated alike: elements from `start` to before `end`, multiples of 4. */
export interface UpdateRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly rateFactor: number;
  /** Their learning rate is 0 from this step on; Infinity: never. */
  readonly trainedSteps: number;
}

/** What an optimizer is made for. */
export interface OptimizerTarget {
  readonly params: Tensor;
  readonly grads: Tensor;
  readonly counters: Tensor;
  /** Parameters of a replica, how many of them, from the start, the L2 term is for, and which are updated together. */
  readonly parameterCount: number;
  readonly decayedCount: number;
  readonly ranges: readonly UpdateRange[];
  /** Steps that the tables hold. */
  readonly steps: number;
}

/** Allocates tables and state and describes the update. */
export function makeOptimizer(
  allocator: Allocator,
  spec: OptimizerSpec,
  { params, grads, counters, parameterCount, decayedCount, ranges, steps }: OptimizerTarget,
): Optimizer {
  const kind = optimizerOf(spec);
  const { replicas } = params;
  const perStep = distinct(ranges.map(({ trainedSteps }) => trainedSteps)).map((trainedSteps) => ({
    table: allocator.tensor('numbers per step', 4 * Math.max(steps, 1)),
    trainedSteps,
  }));
  const state = Object.fromEntries(
    kind.state(spec).map((name) => [name, allocator.tensor(name, parameterCount, replicas)]),
  );
  const perReplica = distinct(ranges.map(({ rateFactor }) => rateFactor)).map((rateFactor) => ({
    table: allocator.tensor('numbers per replica', 2 * replicas),
    rateFactor,
  }));
  const calls = ranges.map(({ name, start, end, rateFactor, trainedSteps }, i) => {
    // A binding starts at a multiple of 64: what comes before the range in it is skipped.
    const from = offsetAlignment * Math.floor(start / offsetAlignment);
    const COUNT = end - from;
    const isAll = COUNT === parameterCount;
    const part = (tensor: Tensor) => (isAll ? tensor : slice(tensor, name, from, COUNT));
    const tables = {
      perStep: perStep.find((entry) => entry.trainedSteps === trainedSteps)!.table,
      perReplica: perReplica.find((entry) => entry.rateFactor === rateFactor)!.table,
    };
    const parts = Object.entries(state).map(([key, tensor]) => [key, part(tensor)] as const);
    // The kernels shrink by the rate, which has the factor: the decay is to be without.
    const decays = 'weightDecay' in spec && spec.weightDecay;
    const call = kind.update(
      decays ? { ...spec, weightDecay: decays / rateFactor } : spec,
      {
        COUNT,
        DECAYED: Math.min(Math.max(decayedCount - from, 0), COUNT),
        REPLICAS: replicas,
        SKIP: start - from,
      },
      { params: part(params), grads: part(grads), counters, ...tables },
      Object.fromEntries(parts),
    );
    return i === 0 ? call : { ...call, label: `${call.label} ${name}` };
  });
  return { calls, perStep, perReplica, state };
}

const distinct = (values: readonly number[]): readonly number[] => [...new Set(values)];

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

/** (R, 2): lambda and factor on the learning rate of each replica, for parameters with this factor on theirs. */
const perReplicaTable = (
  replicas: readonly { readonly lambda: number; readonly rateScale: number }[],
  rateFactor: number,
): Float32Array<ArrayBuffer> =>
  Float32Array.from(replicas.flatMap(({ lambda, rateScale }) => [lambda, rateFactor * rateScale]));

/** Writes an update's tables: once for a whole run. `rateOf`: the learning rate of step t, before the factors. */
export function writeTables(
  queue: GPUQueue,
  { perStep, perReplica }: Optimizer,
  spec: OptimizerSpec,
  {
    steps,
    rateOf,
    replicas,
  }: {
    readonly steps: number;
    readonly rateOf: (t: number) => number;
    readonly replicas: Parameters<typeof perReplicaTable>[0];
  },
): void {
  for (const { table, trainedSteps } of perStep) {
    const values = perStepTable(spec, steps, (t) => (t < trainedSteps ? rateOf(t) : 0));
    queue.writeBuffer(table.buffer, 0, values);
  }
  for (const { table, rateFactor } of perReplica) {
    queue.writeBuffer(table.buffer, 0, perReplicaTable(replicas, rateFactor));
  }
}
