/** The training step that every peer does: a net, its initial state, one batch, the optimizer. Plain data. */
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { randomStream } from '../../src/data/random.ts';
import { imageBytes } from '../../src/data/record-set.ts';
import { initialState } from '../../src/nn/init.ts';
import { type BatchNormSpec, type MlpSpec, mlp, type NetSpec } from '../../src/nn/net-spec.ts';
import { extractSegment, layOut, type NamedTensor } from '../../src/nn/parameters.ts';
import { type AdamSpec, adam } from '../../src/optim/adam.ts';
import { scaleAndOffset } from '../../src/train/dataset.ts';

const IMAGE_BYTES = imageBytes(cifar10);

/** Images as the data set keeps them, from which `x` was computed. */
export interface WorkImages {
  /** (B, 3072) */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** (3072) each: x = (byte / 255 - mean) / std. */
  readonly mean: Float64Array<ArrayBuffer>;
  readonly std: Float64Array<ArrayBuffer>;
}

/** A fully connected net. */
export interface StepWork extends Omit<MlpSpec, 'input'> {
  readonly inputs: number;
  /** Batch norm before the ReLU, running statistics from 0 and 1: what all peers are written for. */
  readonly batchNorm: BatchNormSpec;
  readonly batchSize: number;
  /** Parameters and running statistics. Biases of layers that feed batch norm are 0. */
  readonly initial: readonly NamedTensor[];
  /** (B, inputs) */
  readonly x: Float32Array<ArrayBuffer>;
  /** (B), class indices */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** Only where `inputs` is an image. */
  readonly images?: WorkImages;
  readonly optimizer: AdamSpec;
  readonly learningRate: number;
  /** The cost is the mean cross-entropy + lambda * sum of w^2 over weight matrices. */
  readonly lambda: number;
}

/** The net of a work as a list of layers. */
export const netOf = ({
  inputs,
  hidden,
  classes,
  batchNorm,
}: Omit<MlpSpec, 'input'> & { readonly inputs: number }): NetSpec =>
  mlp({ input: { features: inputs }, hidden, classes, batchNorm });

/** Widths from the input to the logits. */
export const widthsOf = ({ inputs, hidden, classes }: StepWork): readonly number[] => [
  inputs,
  ...hidden,
  classes,
];

/** PyTorch's BatchNorm1d with the course's biased variance: the first step is like any other, so peers need no special case. */
const batchNorm: BatchNormSpec = {
  order: 'before-relu',
  eps: 1e-5,
  statsMomentum: 0.1,
  runningVariance: 'biased',
  runningInit: 'zero-one',
};

/** Random images: bytes with a per-pixel normalisation like that of a real data set. */
function randomImages(seed: number, batchSize: number): WorkImages {
  const stream = randomStream(seed, 'test', 1);
  return {
    bytes: Uint8Array.from({ length: batchSize * IMAGE_BYTES }, () => stream.below(256)),
    mean: Float64Array.from({ length: IMAGE_BYTES }, () => 0.45 + 0.1 * stream.float()),
    std: Float64Array.from({ length: IMAGE_BYTES }, () => 0.2 + 0.1 * stream.float()),
  };
}

/** x = byte · scale + offset in float32, as the gather kernel computes it. */
function normalise({ bytes, mean, std }: WorkImages): Float32Array<ArrayBuffer> {
  const table = scaleAndOffset({ mean, std });
  return Float32Array.from(bytes, (byte, i) => {
    const pixel = i % IMAGE_BYTES;
    return byte * table[pixel]! + table[IMAGE_BYTES + pixel]!;
  });
}

/** The initial values of a net as a PyTorch state dict: He weights, biases and beta 0, gamma 1, statistics 0 and 1. */
function initialTensors(net: NetSpec, seed: number): NamedTensor[] {
  const layout = layOut(net);
  const state = initialState(layout, 'he', (layer) => randomStream(seed, 'weights', layer));
  return [
    ...layout.parameters.map((segment) => extractSegment(state.parameters, segment)),
    ...layout.statistics.map((segment) => extractSegment(state.statistics, segment)),
  ];
}

export interface WorkOptions {
  readonly hidden: readonly number[];
  /** Default: an image, 3072; then the work has the images' bytes too. */
  readonly inputs?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly learningRate?: number;
  readonly lambda?: number;
}

/** With it, no ReLU of the benched nets sits on its kink (agree.ts says why that matters). */
const goodSeed = 6;

/** A batch of random images, ten classes, Adam: the `adam` experiment's step. The same options give the same numbers. */
export function makeWork({
  hidden,
  inputs = IMAGE_BYTES,
  batchSize = 100,
  seed = goodSeed,
  learningRate = 1e-3,
  lambda = 0.002,
}: WorkOptions): StepWork {
  const net = { inputs, hidden, classes: 10, batchNorm };
  const stream = randomStream(seed, 'test', 2);
  const images = inputs === IMAGE_BYTES ? randomImages(seed, batchSize) : undefined;
  return {
    ...net,
    batchSize,
    initial: initialTensors(netOf(net), seed),
    x: images
      ? normalise(images)
      : Float32Array.from({ length: batchSize * inputs }, () => Math.fround(stream.normal())),
    labels: Uint8Array.from({ length: batchSize }, () => stream.below(net.classes)),
    ...(images && { images }),
    optimizer: adam.defaults,
    learningRate,
    lambda,
  };
}

/** One layer's initial values, weights as peers multiply them: (in, out). */
export interface WorkLayer {
  readonly index: number;
  readonly inputs: number;
  readonly outputs: number;
  /** (in, out) */
  readonly w: Float32Array<ArrayBuffer>;
  /** (out); undefined where batch norm follows: it takes any bias away, so good users leave it out (`bias=False`). */
  readonly bias: Float32Array<ArrayBuffer> | undefined;
  /** Hidden layers: batch norm and ReLU follow. */
  readonly bn:
    | {
        readonly gamma: Float32Array<ArrayBuffer>;
        readonly beta: Float32Array<ArrayBuffer>;
        readonly mean: Float32Array<ArrayBuffer>;
        readonly variance: Float32Array<ArrayBuffer>;
      }
    | undefined;
}

/**
 * The layers of a work.
 * @throws Error for what the peers are not written for
 */
export function workLayers(work: StepWork): WorkLayer[] {
  if (work.batchNorm.order !== 'before-relu' || work.batchNorm.runningInit !== 'zero-one') {
    throw new Error(
      'the peers are written for batch norm before the ReLU and running statistics from 0 and 1',
    );
  }
  if (work.batchNorm.runningVariance !== 'biased')
    throw new Error('the peers keep the biased running variance');
  const byName = new Map(work.initial.map(({ name, data }) => [name, data]));
  const get = (name: string) => Float32Array.from(byName.get(name)!);
  const widths = widthsOf(work);
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index]!;
    const name = `layers.${index}`;
    const isHidden = index < work.hidden.length;
    const bias = get(`${name}.linear.bias`);
    if (isHidden && bias.some((value) => value !== 0)) throw new Error(`${name}.linear.bias must be 0`);
    return {
      index,
      inputs,
      outputs,
      w: transposed(get(`${name}.linear.weight`), outputs, inputs),
      bias: isHidden ? undefined : bias,
      bn: isHidden
        ? {
            gamma: get(`${name}.bn.weight`),
            beta: get(`${name}.bn.bias`),
            mean: get(`${name}.bn.running_mean`),
            variance: get(`${name}.bn.running_var`),
          }
        : undefined,
    };
  });
}

/** (columns, rows) of a (rows, columns). */
export function transposed(a: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = a[r * columns + c]!;
  return result;
}

/** (B, classes): 1 at the label. */
export function oneHot({ labels, classes }: StepWork): Float32Array<ArrayBuffer> {
  const result = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) result[row * classes + label] = 1;
  return result;
}

/** One layer's values as a peer holds them, for `stateDict`. */
export interface LayerValues {
  /** (in, out) */
  readonly w: Float32Array;
  readonly bias?: Float32Array;
  readonly bn?: {
    readonly gamma: Float32Array;
    readonly beta: Float32Array;
    readonly mean: Float32Array;
    readonly variance: Float32Array;
  };
}

/** PyTorch's names and layout for a peer's layers; biases that the peer leaves out are 0. */
export function stateDict(layers: readonly WorkLayer[], values: readonly LayerValues[]) {
  const state: Record<string, Float32Array> = {};
  for (const { index, inputs, outputs } of layers) {
    const { w, bias, bn } = values[index]!;
    const name = `layers.${index}`;
    state[`${name}.linear.weight`] = transposed(w, inputs, outputs);
    state[`${name}.linear.bias`] = bias ?? new Float32Array(outputs);
    if (bn === undefined) continue;
    state[`${name}.bn.weight`] = bn.gamma;
    state[`${name}.bn.bias`] = bn.beta;
    state[`${name}.bn.running_mean`] = bn.mean;
    state[`${name}.bn.running_var`] = bn.variance;
  }
  return state;
}
