import type { NamedTensor, ParameterLayout, Segment } from '../nn/parameters.ts';

/** The number and the tensor of a plain `nn.Sequential`: `3.running_mean`. */
const sequentialName = /^(\d+)\.(\w+)$/;

/** The layer that a tensor of a net belongs to: `layers.0.bn` of `layers.0.bn.weight`. */
const layerOf = ({ name }: Segment): string => name.slice(0, name.lastIndexOf('.'));

/** Every tensor of a net, layer by layer. */
export const segmentsOf = ({ parameters, statistics }: ParameterLayout): readonly Segment[] =>
  [...parameters, ...statistics].sort((a, b) => a.place - b.place);

/**
 * How a state dict calls each tensor of a net, by our names: as we do, or with the numbers of a plain `nn.Sequential`, whose modules with tensors
 * come in the order of the net's layers. Modules without (ReLU, Flatten, Dropout) leave gaps, which do not matter.
 */
export function namesInStateDict(
  layout: ParameterLayout,
  tensors: readonly NamedTensor[],
): ReadonlyMap<string, string> {
  const segments = segmentsOf(layout);
  const found = tensors.map(({ name }) => sequentialName.exec(name));
  if (tensors.length === 0 || found.includes(null)) return new Map(segments.map(({ name }) => [name, name]));
  const numbers = [...new Set(found.map((match) => Number(match![1])))].sort((a, b) => a - b);
  const layers = [...new Set(segments.map(layerOf))];
  return new Map(
    segments.map((segment) => {
      const layer = layerOf(segment);
      // A layer beyond the last module: the place that it would have.
      const number = numbers[layers.indexOf(layer)] ?? `(${layer})`;
      return [segment.name, `${number}${segment.name.slice(layer.length)}`];
    }),
  );
}

/** A running statistic of the net that a state dict does not hold. */
export function lackingStatistic(
  layout: ParameterLayout,
  tensors: readonly NamedTensor[],
): string | undefined {
  const names = namesInStateDict(layout, tensors);
  const given = new Set(tensors.map(({ name }) => name));
  return layout.statistics.find(({ name }) => !given.has(names.get(name)!))?.name;
}
