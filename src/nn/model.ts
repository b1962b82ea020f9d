import { type Allocator, slice, type Tensor } from '../gpu/tensor.ts';
import type { NetSpec } from './net-spec.ts';
import { layOut, type ParameterKind, type ParameterLayout, type StatisticKind } from './parameters.ts';

/** The parameters of a population of nets of one architecture: one arena per role, (R, count) each. */
export interface Model {
  readonly spec: NetSpec;
  readonly layout: ParameterLayout;
  readonly replicas: number;
  readonly params: Tensor;
  readonly grads: Tensor;
  /** Running statistics of batch norm. */
  readonly running: Tensor;
  /** A parameter's values or gradients; gamma and beta come together, as `affine` (2, N). */
  parameter(kind: ParameterKind, layer: number): Tensor;
  gradient(kind: ParameterKind, layer: number): Tensor;
  affine(layer: number): Tensor;
  affineGradient(layer: number): Tensor;
  /** (2, N): running mean and variance of a layer. */
  runningOf(layer: number): Tensor;
}

/** Allocates the arenas, zeroed; `writeState` (train/state.ts) fills them. */
export function makeModel(allocator: Allocator, spec: NetSpec, replicas: number): Model {
  const layout = layOut(spec);
  const params = allocator.tensor('parameters', layout.parameterCount, replicas);
  const grads = allocator.tensor('gradients', layout.parameterCount, replicas);
  const running = allocator.tensor('running statistics', Math.max(layout.statisticCount, 4), replicas);

  const segment = (kind: ParameterKind | StatisticKind, layer: number) => {
    const all = [...layout.parameters, ...layout.statistics];
    const found = all.find((candidate) => candidate.kind === kind && candidate.layer === layer);
    if (found === undefined) throw new Error(`layer ${layer} has no ${kind}`);
    return found;
  };
  const of = (arena: Tensor, kind: ParameterKind) => (layer: number) => {
    const { name, start, size } = segment(kind, layer);
    return slice(arena, name, start, size);
  };
  const pair = (arena: Tensor, kind: 'bn.weight' | 'bn.running_mean') => (layer: number) => {
    const { name, start, size } = segment(kind, layer);
    return slice(arena, name, start, 2 * size);
  };
  return {
    spec,
    layout,
    replicas,
    params,
    grads,
    running,
    parameter: (kind, layer) => of(params, kind)(layer),
    gradient: (kind, layer) => of(grads, kind)(layer),
    affine: pair(params, 'bn.weight'),
    affineGradient: pair(grads, 'bn.weight'),
    runningOf: pair(running, 'bn.running_mean'),
  };
}
