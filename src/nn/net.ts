import { type LayerSpec, layerKinds } from './layers/index.ts';
import {
  featuresOf,
  type LayerKind,
  type ParameterSpec,
  type SampleShape,
  shapeWords,
} from './layers/layer.ts';
import type { NetSpec } from './net-spec.ts';

/** What the first layer is given: images channels last, or for a net that begins with a linear layer a row of features, channel by channel. */
export function inputOf({ input, layers }: NetSpec): SampleShape {
  const first = layers[0]?.kind;
  return first === 'linear' || first === 'flatten' ? { features: featuresOf(input) } : input;
}

/** A layer in its place: what it is given, what it makes, what it is called. */
export interface PlacedLayer {
  readonly spec: LayerSpec;
  readonly kind: LayerKind<LayerSpec>;
  /** In the net's list. */
  readonly place: number;
  /** Number in names. */
  readonly index: number;
  /** `layers.0` */
  readonly label: string;
  /** In front of its tensors' names: `layers.0.linear`. */
  readonly name: string;
  readonly input: SampleShape;
  readonly output: SampleShape;
  readonly parameters: readonly ParameterSpec[];
  readonly statistics: readonly ParameterSpec[];
}

/**
 * The layers of a net with their shapes.
 * @throws RangeError naming the layer that does not fit what comes before it
 */
export function resolveNet(net: NetSpec): readonly PlacedLayer[] {
  const { layers, classes } = net;
  let input = inputOf(net);
  const names = new Set<string>();
  /** Of those whose weights are drawn: by number, from which the draws come and by which kernels are called. */
  const drawn = new Map<number, string>();
  const placed = layers.map((spec, place): PlacedLayer => {
    const kind = layerKinds.find((candidate) => candidate.kind === spec.kind);
    if (kind === undefined) {
      const kinds = layerKinds.map((candidate) => candidate.kind).join(', ');
      throw new RangeError(`layer ${place} is "${spec.kind}": there are ${kinds}`);
    }
    const index = spec.index ?? place;
    const label = `layers.${index}`;
    const name = `${label}.${kind.stem}`;
    if (names.has(name)) throw new RangeError(`two layers are called ${name}`);
    names.add(name);
    let output: SampleShape;
    try {
      output = kind.outputShape(spec, input);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new RangeError(`layer ${place} (${name}) behind ${shapeWords(input)} values: ${reason}`);
    }
    const layer: PlacedLayer = {
      spec,
      kind,
      place,
      index,
      label,
      name,
      input,
      output,
      parameters: kind.parameters(spec, input),
      statistics: kind.statistics?.(spec, input) ?? [],
    };
    if (layer.parameters.some(({ init }) => typeof init !== 'number')) {
      const other = drawn.get(index);
      if (other !== undefined) {
        throw new RangeError(
          `layer ${place} (${name}) and ${other} have one number: give it an index that no other has`,
        );
      }
      drawn.set(index, name);
    }
    input = output;
    return layer;
  });
  if (!('features' in input) || featuresOf(input) !== classes) {
    throw new RangeError(
      `the last layer gives ${shapeWords(input)} values, but there are ${classes} classes`,
    );
  }
  return placed;
}

/** Parameters of a net, without padding. */
export const parameterCount = (net: NetSpec): number =>
  resolveNet(net)
    .flatMap(({ parameters }) => parameters)
    .reduce((sum, { torchShape }) => sum + torchShape.reduce((product, size) => product * size, 1), 0);

/** What stands behind the linear layers of an `mlp`, but the last, and how that is said. */
const hiddenWords = [
  ['relu', 'no batch norm'],
  ['batch-norm relu', 'batch norm before-relu'],
  ['relu batch-norm', 'batch norm after-relu'],
] as const;

/** `3072-50-50-10, batch norm before-relu`: an `mlp` in words. Any other net layer by layer: `3x32x32, conv 16 of 3x3, ...`. */
export function netWords(net: NetSpec): string {
  const kinds = net.layers.map(({ kind }) => kind).join(' ');
  for (const [behind, words] of hiddenWords) {
    if (!new RegExp(`^(linear ${behind} )*linear$`).test(kinds)) continue;
    const widths = net.layers.flatMap((layer) => (layer.kind === 'linear' ? [layer.outputs] : []));
    return `${[featuresOf(net.input), ...widths].join('-')}, ${words}`;
  }
  const layers = resolveNet(net).filter(({ kind }) => kind.kind !== 'flatten');
  return [shapeWords(net.input).replaceAll(' ', ''), ...layers.map(({ spec }) => layerWords(spec))].join(
    ', ',
  );
}

function layerWords(spec: LayerSpec): string {
  if (spec.kind === 'conv') {
    const { filters, size, stride = 1, initial } = spec;
    return `${initial === 'whitening' ? 'whitening' : 'conv'} ${filters} of ${size}x${size}${stride === 1 ? '' : ` by ${stride}`}`;
  }
  if (spec.kind === 'max-pool') return `max-pool ${spec.size}`;
  if (spec.kind === 'linear') return `linear ${spec.outputs}`;
  if (spec.kind === 'scale') return `times ${Number(spec.factor.toPrecision(4))}`;
  return spec.kind;
}
