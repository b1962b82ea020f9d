import { alignTo, offsetAlignment } from '../gpu/tensor.ts';
import { type ParameterSpec, paddedWidth } from './layers/layer.ts';
import { type PlacedLayer, resolveNet } from './net.ts';
import type { NetSpec } from './net-spec.ts';

/** A tensor inside a flat array: `rows` x `cols` values in rows of `ld`. */
export interface Segment {
  /** PyTorch's name: `layers.0.linear.weight`. */
  readonly name: string;
  /** Number of its layer in names. */
  readonly index: number;
  /** Its layer's place in the net. */
  readonly place: number;
  readonly parameter: ParameterSpec;
  /** First element in the flat array of a replica. A multiple of 64, unless it is joined to the one before it. */
  readonly start: number;
  /** Elements from one row to the next. */
  readonly ld: number;
  /** Elements with padding. */
  readonly size: number;
}

/** Where everything of one replica lies: what decays first, since the L2 term is for a stretch from the start. */
export interface ParameterLayout {
  readonly parameters: readonly Segment[];
  readonly statistics: readonly Segment[];
  /** Elements of the flat parameter array, padding included. */
  readonly parameterCount: number;
  /** The first of them that hold weight matrices. */
  readonly decayedCount: number;
  /** Elements of the flat array of running statistics; 0 without batch norm. */
  readonly statisticCount: number;
}

/** Neighbouring parameters that an optimizer treats alike. */
export interface RateRange {
  /** The first of its tensors. */
  readonly name: string;
  /** Elements of a replica's flat array, from `start` to before `end`; multiples of 4. */
  readonly start: number;
  readonly end: number;
  /** Factor on the learning rate. */
  readonly rateFactor: number;
  /** Epochs from the start in which they are trained; all of them unless given. */
  readonly trainedEpochs?: number;
}

/** What training changes, in ranges of one rate factor and as many epochs each, padding included; one where all are alike. */
export function rateRanges({ parameters, parameterCount }: ParameterLayout): readonly RateRange[] {
  const ranges: RateRange[] = [];
  for (const { name, start, parameter } of parameters) {
    const { rateFactor = 1, trainedEpochs } = parameter;
    const last = ranges.at(-1);
    if (last?.rateFactor === rateFactor && last.trainedEpochs === trainedEpochs) continue;
    if (last !== undefined) ranges.push({ ...ranges.pop()!, end: start });
    const range = { name, start, end: parameterCount, rateFactor };
    ranges.push(trainedEpochs === undefined ? range : { ...range, trainedEpochs });
  }
  return ranges.filter(({ rateFactor }) => rateFactor !== 0);
}

interface Wanted {
  readonly layer: PlacedLayer;
  readonly parameter: ParameterSpec;
}

/** Places tensors behind each other from element `from` on. */
function place(wanted: readonly Wanted[], from: number): { segments: Segment[]; end: number } {
  let end = from;
  const segments = wanted.map(({ layer, parameter }): Segment => {
    const { name, rows, cols, joined, torchShape } = parameter;
    const ld = paddedWidth(cols);
    const size = (torchShape.length === 1 ? 1 : paddedWidth(rows)) * ld;
    const start = joined ? end : alignTo(end, offsetAlignment);
    end = start + size;
    return {
      name: `${layer.name}.${name}`,
      index: layer.index,
      place: layer.place,
      parameter,
      start,
      ld,
      size,
    };
  });
  return { segments, end: alignTo(end, offsetAlignment) };
}

/**
 * Lays out a net: weight matrices first, then all else, kind of layer by kind of layer in the order of their first
 * appearance (biases of linear layers, then gamma and beta).
 */
export function layOut(spec: NetSpec): ParameterLayout {
  const layers = resolveNet(spec);
  const kinds = [...new Set(layers.map(({ kind }) => kind))];
  const byKind = kinds.flatMap((kind) => layers.filter((layer) => layer.kind === kind));
  const all = byKind.flatMap((layer) => layer.parameters.map((parameter) => ({ layer, parameter })));
  const decayed = place(
    all.filter(({ parameter }) => parameter.decays),
    0,
  );
  const others = place(
    all.filter(({ parameter }) => !parameter.decays),
    decayed.end,
  );
  const statistics = place(
    layers.flatMap((layer) => layer.statistics.map((parameter) => ({ layer, parameter }))),
    0,
  );
  return {
    parameters: [...decayed.segments, ...others.segments],
    statistics: statistics.segments,
    parameterCount: others.end,
    decayedCount: decayed.end,
    statisticCount: statistics.end,
  };
}

/** A named tensor as a PyTorch state dict has it, f32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Values that a tensor of this shape has. */
export const valuesOf = (shape: readonly number[]): number =>
  shape.reduce((product, side) => product * side, 1);

/** @throws Error where a tensor has fewer values than its shape, which would be read as NaN, or more */
export function checkValues({ name, shape, data }: NamedTensor): void {
  const size = valuesOf(shape);
  if (data.length !== size) throw new Error(`${name}: ${data.length} values, its shape has ${size}`);
}

/** Takes one tensor out of a replica's flat array: without padding, in PyTorch's layout. */
export function extractSegment(flat: Float32Array, { name, parameter, start, ld }: Segment): NamedTensor {
  const { rows, cols, torchShape } = parameter;
  const data = new Float32Array(valuesOf(torchShape));
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const place = parameter.torchPlace(row, col);
      if (place !== undefined) data[place] = flat[start + row * ld + col]!;
    }
  }
  return { name, shape: torchShape, data };
}

/** Puts one tensor, in PyTorch's layout, into a replica's flat array. */
export function insertSegment(
  flat: Float32Array | Float64Array,
  { parameter, start, ld }: Segment,
  data: ArrayLike<number>,
): void {
  const { rows, cols } = parameter;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const place = parameter.torchPlace(row, col);
      if (place !== undefined) flat[start + row * ld + col] = data[place]!;
    }
  }
}
