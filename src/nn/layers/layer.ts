// What a kind of layer is: a table entry, as a kernel is one. A new kind is a file here and a line in index.ts.
import type { Capabilities } from '../../gpu/device.ts';
import { alignTo, type Tensor } from '../../gpu/tensor.ts';
import type { KernelCall } from '../../kernels/call.ts';

/** Columns (and rows of weight matrices) are padded with zeros to a multiple of this, so that rows can be read as vec4. */
const columnPadding = 4;

/** Columns that `width` values take on the GPU. */
export const paddedWidth = (width: number): number => alignTo(width, columnPadding);

/** An image of channels. On the GPU channels last: (height, width, channels padded). */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The values of one sample between two layers: in a row, or as an image; `image`: what the row was, and still lies like. */
export type SampleShape = { readonly features: number; readonly image?: ImageShape } | ImageShape;

/** Values of a sample. */
export const featuresOf = (shape: SampleShape): number =>
  'features' in shape ? shape.features : shape.channels * shape.height * shape.width;

/** Values that a sample takes on the GPU. */
export function storedSize(shape: SampleShape): number {
  const image = 'features' in shape ? shape.image : shape;
  if (image === undefined) return paddedWidth(featuresOf(shape));
  return image.height * image.width * paddedWidth(image.channels);
}

/** @throws RangeError for a row of features */
export function imageOf(shape: SampleShape): ImageShape {
  if ('features' in shape) throw new RangeError('it wants an image, not a row of features');
  return shape;
}

/**
 * Places of a window along `length` pixels, as PyTorch counts them.
 * @throws RangeError where there is none, or the window makes no sense
 */
export function placesAlong(
  length: number,
  { size, stride, padding }: { readonly size: number; readonly stride: number; readonly padding: number },
): number {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`a size of ${size}`);
  if (!Number.isInteger(stride) || stride < 1) throw new RangeError(`a stride of ${stride}`);
  if (!Number.isInteger(padding) || padding < 0) throw new RangeError(`a padding of ${padding}`);
  const places = Math.floor((length + 2 * padding - size) / stride) + 1;
  if (places < 1)
    throw new RangeError(
      `a window of ${size} pixels does not fit into ${length + 2 * padding}: nothing is left`,
    );
  return places;
}

/** `3 x 32 x 32`, or `50`. */
export const shapeWords = (shape: SampleShape): string =>
  'features' in shape ? `${shape.features}` : `${shape.channels} x ${shape.height} x ${shape.width}`;

/**
 * Initial values: random with a spread that follows from fans (nn/init.ts), filters that hand on a channel each in the place of the first
 * where `dirac`; all the same; or filters that whiten the data's patches (nn/whitening.ts).
 */
export type ParameterInit =
  | { readonly fanIn: number; readonly fanOut: number; readonly dirac?: boolean }
  | number
  | 'whitening';

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
  /** Factor on the optimizer's learning rate, not on its weight decay; 1 unless given. 0: it stays as it is. */
  readonly rateFactor?: number;
  /** Training changes it in so many epochs from the start, and no longer; in all unless given. */
  readonly trainedEpochs?: number;
  /** Its shape in a PyTorch state dict. */
  readonly torchShape: readonly number[];
  /** Place in PyTorch's flat tensor of the value at (row, col); undefined for rows that pad channels. */
  torchPlace(row: number, col: number): number | undefined;
}

/**
 * A weight matrix (inputs, outputs), the transpose of PyTorch's (out, in). Rows are in the order in which the inputs lie: those of a flattened image
 * (row, column, channel), PyTorch's (channel, row, column).
 */
export function matrix(name: string, input: SampleShape, outputs: number): ParameterSpec {
  const inputs = featuresOf(input);
  const image = 'features' in input ? input.image : undefined;
  const pixels = image === undefined ? 0 : image.height * image.width;
  const padded = paddedWidth(image?.channels ?? 0);
  return {
    name,
    rows: image === undefined ? inputs : storedSize(input),
    cols: outputs,
    init: { fanIn: inputs, fanOut: outputs },
    decays: true,
    joined: false,
    torchShape: [outputs, inputs],
    torchPlace(row, col) {
      if (image === undefined) return col * inputs + row;
      const channel = row % padded;
      return channel < image.channels
        ? col * inputs + channel * pixels + Math.floor(row / padded)
        : undefined;
    },
  };
}

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

/** Does training change it? */
export const isTrained = ({ rateFactor }: ParameterSpec): boolean => rateFactor !== 0;

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
