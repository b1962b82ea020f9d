import { type Allocator, slice, type Tensor } from '../gpu/tensor.ts';
import { type PlacedLayer, resolveNet } from './net.ts';
import type { NetSpec } from './net-spec.ts';
import { layOut, type ParameterLayout, type Segment } from './parameters.ts';

/** The parameters of a population of nets of one architecture: one arena per role, (R, count) each. */
export interface Model {
  readonly spec: NetSpec;
  readonly layers: readonly PlacedLayer[];
  readonly layout: ParameterLayout;
  readonly replicas: number;
  readonly params: Tensor;
  readonly grads: Tensor;
  /** Running statistics of batch norm. */
  readonly running: Tensor;
  /** Tensors of a layer by their names behind the layer's (`weight`); several names: neighbours, as one tensor. */
  parameter(layer: PlacedLayer, names: readonly string[]): Tensor;
  gradient(layer: PlacedLayer, names: readonly string[]): Tensor;
  statistic(layer: PlacedLayer, names: readonly string[]): Tensor;
}

/** Allocates the arenas, zeroed; `writeArenas` (train/state.ts) fills them. */
export function makeModel(allocator: Allocator, spec: NetSpec, replicas: number): Model {
  const layout = layOut(spec);
  const params = allocator.tensor('parameters', layout.parameterCount, replicas);
  const grads = allocator.tensor('gradients', layout.parameterCount, replicas);
  const running = allocator.tensor('running statistics', Math.max(layout.statisticCount, 4), replicas);
  const of =
    (arena: Tensor, segments: readonly Segment[]) => (layer: PlacedLayer, names: readonly string[]) => {
      const found = names.map((name) => {
        const segment = segments.find((candidate) => candidate.name === `${layer.name}.${name}`);
        if (segment === undefined) throw new Error(`there is no ${layer.name}.${name}`);
        return segment;
      });
      const [first, last] = [found[0]!, found.at(-1)!];
      return slice(arena, first.name, first.start, last.start + last.size - first.start);
    };
  return {
    spec,
    layers: resolveNet(spec),
    layout,
    replicas,
    params,
    grads,
    running,
    parameter: of(params, layout.parameters),
    gradient: of(grads, layout.parameters),
    statistic: of(running, layout.statistics),
  };
}
