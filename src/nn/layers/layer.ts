// What a kind of layer is: a table entry, as a kernel is one. A new kind is a file here and a line in index.ts.
import type { Capabilities } from '../../gpu/device.ts';
import { alignTo, type Tensor } from '../../gpu/tensor.ts';
import type { KernelCall } from '../../kernels/call.ts';

/** Columns (and rows of weight matrices) are padded with zeros to a multiple of this, so that rows can be read as vec4. */
const columnPadding = 4;

/** Columns that `width` values take on the GPU. */
export const paddedWidth = (width: number): number => alignTo(width, columnPadding);

/** The values of one sample between two layers: in a row, or as an image of channels. */
export type SampleShape =
  | { readonly features: number }
  | { readonly channels: number; readonly height: number; readonly width: number };

/** Values of a sample. */
export const featuresOf = (shape: SampleShape): number =>
  'features' in shape ? shape.features : shape.channels * shape.height * shape.width;

/** `3 x 32 x 32`, or `50`. */
export const shapeWords = (shape: SampleShape): string =>
  'features' in shape ? `${shape.features}` : `${shape.channels} x ${shape.height} x ${shape.width}`;

/** Initial values: normal with a standard deviation that follows from fans (nn/init.ts), or all the same. */
export type ParameterInit = { readonly fanIn: number; readonly fanOut: number } | number;

/** A parameter or a running statistic of a layer, as the GPU holds it: `rows` x `cols` values; a vector has one row. */
export interface ParameterSpec {
  /** Behind the layer's name, PyTorch's: `weight`, `bias`, `running_mean`. */
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly init: ParameterInit;
  /** The L2 term is for it. */
  readonly decays: boolean;
  /** It follows the one before it without a gap: kernels bind both as one tensor. */
  readonly joined: boolean;
  /** Its shape in a PyTorch state dict. */
  readonly torchShape: readonly number[];
  /** Place in PyTorch's flat tensor of the value at (row, col). */
  torchPlace(row: number, col: number): number;
}

/** A weight matrix (inputs, outputs), the transpose of PyTorch's (out, in). */
export const matrix = (name: string, inputs: number, outputs: number): ParameterSpec => ({
  name,
  rows: inputs,
  cols: outputs,
  init: { fanIn: inputs, fanOut: outputs },
  decays: true,
  joined: false,
  torchShape: [outputs, inputs],
  torchPlace: (row, col) => col * inputs + row,
});

/** A vector of `size` values, all `init` at the start. */
export const vector = (name: string, size: number, init: number, joined = false): ParameterSpec => ({
  name,
  rows: 1,
  cols: size,
  init,
  decays: false,
  joined,
  torchShape: [size],
  torchPlace: (_, col) => col,
});

/** Training normalises with the batch's statistics and keeps what gradients need; evaluation uses the running ones. */
export type Mode = 'training' | 'evaluation';

/** What a layer records its calls with. */
export interface LayerContext<S> {
  readonly spec: S;
  /** In front of the labels of its calls: `layers.0`. */
  readonly label: string;
  readonly mode: Mode;
  readonly batchSize: number;
  readonly input: SampleShape;
  readonly output: SampleShape;
  readonly capabilities: Capabilities;
  /** (R, 4), u32: the step, ... */
  readonly counters: Tensor;
  /** A tensor of this pass alone, (R, size). */
  tensor(name: string, size: number): Tensor;
  /** One of its parameters, its gradient, one of its running statistics; several names: neighbours, as one tensor. */
  parameter(...names: readonly string[]): Tensor;
  gradient(...names: readonly string[]): Tensor;
  statistic(...names: readonly string[]): Tensor;
}

/** The forward pass of a layer, recorded. */
export interface Forward {
  /** (R, batch, output padded) */
  readonly y: Tensor;
  readonly calls: readonly KernelCall[];
  /**
   * Gradients of its parameters, and of its input where `wantDx`, from dy. Only in training.
   * Calls that fuse.ts rewrites must not depend on tensors that other layers see, but x, y, dy and dx.
   */
  backward(dy: Tensor, wantDx: boolean): Backward;
}

export interface Backward {
  /** (R, batch, input padded); undefined where it was not wanted. */
  readonly dx?: Tensor;
  readonly calls: readonly KernelCall[];
}

/** A kind of layer. `S`: its settings, plain data. */
export interface LayerKind<S extends { readonly kind: string }> {
  readonly kind: S['kind'];
  /** In its tensors' names: `layers.0.<stem>.weight`. */
  readonly stem: string;
  /** @throws RangeError that says what does not fit, without naming the layer */
  outputShape(spec: S, input: SampleShape): SampleShape;
  parameters(spec: S, input: SampleShape): readonly ParameterSpec[];
  /** Running statistics. */
  statistics?(spec: S, input: SampleShape): readonly ParameterSpec[];
  forward(layer: LayerContext<S>, x: Tensor): Forward;
  /** Merges the statistics of this chunk of x into the running ones; `total`: the rows of all chunks. */
  mergeStatistics?(layer: LayerContext<S>, x: Tensor, total: number): readonly KernelCall[];
}
