import { alignTo, offsetAlignment } from '../gpu/tensor.ts';
import type { NetSpec } from './net-spec.ts';

/** Columns (and rows of weight matrices) are padded with zeros to a multiple of this, so that rows can be read as vec4. */
const columnPadding = 4;

/** Columns that `width` values take on the GPU. */
export const paddedWidth = (width: number): number => alignTo(width, columnPadding);

/** What a stretch of the flat parameter array holds. */
export type ParameterKind = 'linear.weight' | 'linear.bias' | 'bn.weight' | 'bn.bias';
export type StatisticKind = 'bn.running_mean' | 'bn.running_var';

/** A tensor inside a flat array: `rows` x `cols` values in rows of `ld`. */
export interface Segment<Kind extends string = ParameterKind | StatisticKind> {
  /** PyTorch's name: `layers.0.linear.weight`. */
  readonly name: string;
  readonly kind: Kind;
  readonly layer: number;
  /** First element in the flat array of a replica. A multiple of 64 where it is bound by itself: biases of batch norm follow their weights, variances their means. */
  readonly start: number;
  /** Without padding. Vectors have one row; a weight matrix has (in, out), the transpose of PyTorch's (out, in). */
  readonly rows: number;
  readonly cols: number;
  /** Elements from one row to the next. */
  readonly ld: number;
  /** Elements with padding. */
  readonly size: number;
}

/** Where everything of one replica lies: weight matrices first, since the L2 term is for them alone. */
export interface ParameterLayout {
  readonly parameters: readonly Segment<ParameterKind>[];
  readonly statistics: readonly Segment<StatisticKind>[];
  /** Elements of the flat parameter array, padding included. */
  readonly parameterCount: number;
  /** The first of them that hold weight matrices. */
  readonly decayedCount: number;
  /** Elements of the flat array of running statistics; 0 without batch norm. */
  readonly statisticCount: number;
}

/** Widths from the input to the logits. */
export const layerWidths = (spec: NetSpec): readonly number[] => [spec.inputs, ...spec.hidden, spec.classes];

/** Lays out a net. gamma and beta of a layer are neighbours, as are its running mean and variance: each pair is one binding. */
export function layOut(spec: NetSpec): ParameterLayout {
  const widths = layerWidths(spec);
  const layers = widths.slice(1).map((outputs, layer) => ({ layer, inputs: widths[layer]!, outputs }));
  const normalised = spec.batchNorm === null ? [] : layers.slice(0, -1);

  const parameters: Segment<ParameterKind>[] = [];
  let end = 0;
  const place = (kind: ParameterKind, layer: number, rows: number, cols: number, paddedRows: number) => {
    const ld = paddedWidth(cols);
    const size = paddedRows * ld;
    parameters.push({ name: `layers.${layer}.${kind}`, kind, layer, start: end, rows, cols, ld, size });
    end += size;
  };
  for (const { layer, inputs, outputs } of layers) {
    place('linear.weight', layer, inputs, outputs, paddedWidth(inputs));
    end = alignTo(end, offsetAlignment);
  }
  const decayedCount = end;
  for (const { layer, outputs } of layers) {
    place('linear.bias', layer, 1, outputs, 1);
    end = alignTo(end, offsetAlignment);
  }
  for (const { layer, outputs } of normalised) {
    place('bn.weight', layer, 1, outputs, 1);
    place('bn.bias', layer, 1, outputs, 1);
    end = alignTo(end, offsetAlignment);
  }

  const statistics: Segment<StatisticKind>[] = [];
  let statisticEnd = 0;
  for (const { layer, outputs } of normalised) {
    for (const kind of ['bn.running_mean', 'bn.running_var'] as const) {
      const ld = paddedWidth(outputs);
      const name = `layers.${layer}.${kind}`;
      statistics.push({ name, kind, layer, start: statisticEnd, rows: 1, cols: outputs, ld, size: ld });
      statisticEnd += ld;
    }
    statisticEnd = alignTo(statisticEnd, offsetAlignment);
  }
  return { parameters, statistics, parameterCount: end, decayedCount, statisticCount: statisticEnd };
}

/** A named tensor as a PyTorch state dict has it, f32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Shape in a PyTorch state dict: (out, in) for weight matrices. */
export const torchShape = (segment: Segment): readonly number[] =>
  segment.kind === 'linear.weight' ? [segment.cols, segment.rows] : [segment.cols];

/** Takes one tensor out of a replica's flat array: without padding, weight matrices transposed. */
export function extractSegment(flat: Float32Array, segment: Segment): NamedTensor {
  const { rows, cols, ld, start } = segment;
  const data = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) data[col * rows + row] = flat[start + row * ld + col]!;
  }
  return { name: segment.name, shape: torchShape(segment), data };
}

/** Puts one tensor, in PyTorch's layout, into a replica's flat array. */
export function insertSegment(flat: Float32Array, segment: Segment, data: ArrayLike<number>): void {
  const { rows, cols, ld, start } = segment;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) flat[start + row * ld + col] = data[col * rows + row]!;
  }
}
