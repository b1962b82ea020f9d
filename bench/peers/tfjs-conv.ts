/** A convolutional net's step in TensorFlow.js: conv2d with explicit padding, moments and batchNorm, channels last, `optimizer.minimize`. */
import * as tf from '@tensorflow/tfjs-core';
import { channelsFirst, channelsLast } from '../../src/reference/layers/image-order.ts';
import { type ConvWork, type ConvWorkLayer, convWorkLayers, initialValues, targets } from './conv-work.ts';
import type { PeerStep } from './peer.ts';
import { transposed } from './work.ts';

/** One layer's variables by PyTorch's name; running statistics are not trained. */
type Variables = Readonly<Record<string, tf.Variable>>;

function variableOf(values: Float32Array, shape: readonly number[], trainable: boolean): tf.Variable {
  const initial = tf.tensor(values, [...shape]);
  const variable = tf.variable(initial, trainable);
  initial.dispose();
  return variable;
}

/** The image that a flattened layer is given, if it was one. */
const imageOf = ({ input }: ConvWorkLayer) => ('features' in input ? input.image : undefined);

/** PyTorch's (out, in, height, width) as TensorFlow's (height, width, in, out). */
function toFilters(values: Float32Array, [out = 0, ...rest]: readonly number[]): Float32Array {
  const [channels = 0, height = 0, width = 0] = rest;
  const last = Float32Array.from(channelsLast(values, { channels, height, width }));
  return transposed(last, out, channels * height * width);
}

function fromFilters(values: Float32Array, [out = 0, ...rest]: readonly number[]): Float32Array {
  const [channels = 0, height = 0, width = 0] = rest;
  const rows = transposed(values, channels * height * width, out);
  return Float32Array.from(channelsFirst(rows, { channels, height, width }));
}

/** PyTorch's (out, in) as (in, out), inputs of a flattened image in TensorFlow's order. */
function toMatrix(layer: ConvWorkLayer, values: Float32Array, [out = 0, inputs = 0]: readonly number[]) {
  const image = imageOf(layer);
  const rows = image === undefined ? values : Float32Array.from(channelsLast(values, image));
  return transposed(rows, out, inputs);
}

function fromMatrix(layer: ConvWorkLayer, values: Float32Array, [out = 0, inputs = 0]: readonly number[]) {
  const image = imageOf(layer);
  const rows = transposed(values, inputs, out);
  return image === undefined ? rows : Float32Array.from(channelsFirst(rows, image));
}

const shapeHere = (layer: ConvWorkLayer, name: string, torch: readonly number[]): readonly number[] => {
  if (name !== 'weight' || layer.spec.kind === 'batch-norm') return torch;
  const [out = 0, inputs = 0, height = 0, width = 0] = torch;
  return layer.spec.kind === 'conv' ? [height, width, inputs, out] : [inputs, out];
};

/** Is it a weight matrix, with rows and columns to be moved? */
const isMatrix = (layer: ConvWorkLayer, name: string): boolean =>
  name === 'weight' && layer.spec.kind !== 'batch-norm';

function makeVariables(work: ConvWork, layer: ConvWorkLayer): Variables {
  const make = (name: string, torch: readonly number[], trainable: boolean) => {
    const values = initialValues(work, `${layer.name}.${name}`);
    const here = !isMatrix(layer, name)
      ? values
      : layer.spec.kind === 'conv'
        ? toFilters(values, torch)
        : toMatrix(layer, values, torch);
    return [name, variableOf(here, shapeHere(layer, name, torch), trainable)] as const;
  };
  return Object.fromEntries([
    ...layer.parameters
      .filter(({ name }) => !(layer.isFree && name === 'bias'))
      .map(({ name, torchShape }) => make(name, torchShape, true)),
    ...layer.statistics.map(({ name, torchShape }) => make(name, torchShape, false)),
  ]);
}

/** old + momentum (fresh - old) */
const average = (old: tf.Variable, fresh: tf.Tensor, momentum: number): tf.Tensor =>
  tf.add(old, tf.mul(tf.sub(fresh, old), momentum));

export class TfjsConvStep implements PeerStep {
  readonly #activate: () => Promise<void>;
  readonly #work: ConvWork;
  readonly #layers: readonly ConvWorkLayer[];
  readonly #variables: readonly Variables[];
  readonly #trained: tf.Variable[];
  readonly #x: tf.Tensor;
  readonly #targets: tf.Tensor2D;
  readonly #optimizer: tf.Optimizer;
  #loss: tf.Scalar = tf.scalar(Number.NaN);

  constructor(work: ConvWork, activate: () => Promise<void>) {
    const { batchSize, classes, learningRate, optimizer } = work;
    this.#activate = activate;
    this.#work = work;
    this.#layers = convWorkLayers(work);
    this.#variables = this.#layers.map((layer) => makeVariables(work, layer));
    this.#trained = this.#variables.flatMap((own) => Object.values(own).filter(({ trainable }) => trainable));
    const image = { channels: 3, height: 32, width: 32 };
    const { channels, height, width } = image;
    this.#x = tf.tensor(Float32Array.from(channelsLast(work.x, image)), [batchSize, height, width, channels]);
    this.#targets = tf.tensor2d(targets(work), [batchSize, classes]);
    const { momentum = 0, nesterov = false } = optimizer;
    this.#optimizer =
      momentum === 0 ? tf.train.sgd(learningRate) : tf.train.momentum(learningRate, momentum, nesterov);
  }

  #forward(): tf.Tensor2D {
    let value: tf.Tensor = this.#x;
    for (const [i, { spec }] of this.#layers.entries()) {
      const own = this.#variables[i]!;
      if (spec.kind === 'conv') {
        const filters = own.weight as unknown as tf.Tensor4D;
        const { stride = 1, padding = 0 } = spec;
        value = tf.conv2d(value as tf.Tensor4D, filters, stride, padding, 'NHWC', 1, 'floor');
        if (own.bias) value = tf.add(value, own.bias);
      } else if (spec.kind === 'batch-norm') {
        const { mean, variance } = tf.moments(value, [0, 1, 2]);
        const rows = value.size / mean.size;
        own.running_mean!.assign(average(own.running_mean!, mean, spec.statsMomentum));
        const unbiased = tf.mul(variance, rows / (rows - 1));
        own.running_var!.assign(average(own.running_var!, unbiased, spec.statsMomentum));
        const [m, v] = [mean as tf.Tensor1D, variance as tf.Tensor1D];
        const [beta, gamma] = [own.bias as unknown as tf.Tensor1D, own.weight as unknown as tf.Tensor1D];
        value = tf.batchNorm4d(value as tf.Tensor4D, m, v, beta, gamma, spec.eps);
      } else if (spec.kind === 'relu') value = tf.relu(value);
      else if (spec.kind === 'average-pool') value = tf.mean(value, [1, 2]);
      else if (spec.kind === 'flatten') value = tf.reshape(value, [this.#work.batchSize, -1]);
      else if (spec.kind === 'linear') {
        value = tf.add(tf.matMul(value, own.weight as unknown as tf.Tensor2D), own.bias!);
      } else throw new Error(`TensorFlow.js' step has no ${spec.kind}`);
    }
    return value as tf.Tensor2D;
  }

  #cost = (): tf.Scalar => {
    const { lambda, optimizer } = this.#work;
    const loss = tf.losses.softmaxCrossEntropy(this.#targets, this.#forward()) as tf.Scalar;
    this.#loss.dispose();
    this.#loss = tf.keep(loss);
    const matrices = this.#layers.flatMap((layer, i) =>
      isMatrix(layer, 'weight') && this.#variables[i]!.weight ? [this.#variables[i]!.weight] : [],
    );
    const squares = (variables: readonly tf.Variable[]) =>
      variables.map((variable): tf.Tensor => tf.sum(tf.square(variable))).reduce(tf.add<tf.Tensor>);
    const { weightDecay = 0 } = optimizer;
    let cost: tf.Tensor = loss;
    if (lambda !== 0) cost = tf.add(cost, tf.mul(squares(matrices), lambda));
    if (weightDecay !== 0) cost = tf.add(cost, tf.mul(squares(this.#trained), weightDecay / 2));
    return cost as tf.Scalar;
  };

  async run(steps: number): Promise<void> {
    await this.#activate();
    for (let step = 0; step < steps; step++) this.#optimizer.minimize(this.#cost, false, this.#trained);
    // The last update's smallest tensor; the queue is in order.
    await this.#trained.at(-1)!.data();
  }

  async loss(): Promise<number> {
    await this.#activate();
    return (await this.#loss.data())[0]!;
  }

  async parameters(): Promise<Record<string, Float32Array>> {
    await this.#activate();
    const state: Record<string, Float32Array> = {};
    for (const [i, layer] of this.#layers.entries()) {
      for (const { name, torchShape } of [...layer.parameters, ...layer.statistics]) {
        const variable = this.#variables[i]![name];
        const values =
          variable === undefined
            ? new Float32Array(torchShape[0]!)
            : Float32Array.from(await variable.data());
        state[`${layer.name}.${name}`] = !isMatrix(layer, name)
          ? values
          : layer.spec.kind === 'conv'
            ? fromFilters(values, torchShape)
            : fromMatrix(layer, values, torchShape);
      }
    }
    return state;
  }

  async dispose(): Promise<void> {
    await this.#activate();
    this.#optimizer.dispose();
    tf.dispose([this.#x, this.#targets, this.#loss]);
    for (const own of this.#variables) for (const variable of Object.values(own)) variable.dispose();
  }
}
