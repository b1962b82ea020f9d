/**
 * TensorFlow.js (https://github.com/tensorflow/tfjs) on one of its backends: variables, `optimizer.minimize` and the fused
 * ops, everything temporary freed by its tidies.
 *
 * Both backends live in one engine with one active backend at a time, so every entry point makes its own the active one.
 */
// The core package registers no gradients by itself; the union package `@tensorflow/tfjs` imports the same module.
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { Peer, PeerKernel, PeerStep } from './peer.ts';
import { TfjsConvStep } from './tfjs-conv.ts';
import { tfjsConvOp } from './tfjs-conv-op.ts';
import { oneHot, type StepWork, stateDict, type WorkLayer, workLayers } from './work.ts';

/** A backend of TensorFlow.js. */
export interface TfjsBackend {
  readonly name: 'webgpu' | 'wasm';
  /** Why it cannot run here. Called before it is started. */
  refuses(): string | undefined;
  describe(): string;
}

interface Variables {
  readonly w: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;
  readonly bn:
    | {
        readonly gamma: tf.Variable<tf.Rank.R1>;
        readonly beta: tf.Variable<tf.Rank.R1>;
        readonly mean: tf.Variable<tf.Rank.R1>;
        readonly variance: tf.Variable<tf.Rank.R1>;
      }
    | undefined;
}

/** A variable that owns its values: the tensor it was made from goes. */
function variableOf<R extends tf.Rank>(initial: tf.Tensor<R>, trainable = true): tf.Variable<R> {
  const variable = tf.variable(initial, trainable);
  initial.dispose();
  return variable;
}

function makeVariables({ w, bias, bn, inputs, outputs }: WorkLayer): Variables {
  const vector = (data: Float32Array, trainable = true) => variableOf(tf.tensor1d(data), trainable);
  return {
    w: variableOf(tf.tensor2d(w, [inputs, outputs])),
    bias: bias && vector(bias),
    bn: bn && {
      gamma: vector(bn.gamma),
      beta: vector(bn.beta),
      mean: vector(bn.mean, false),
      variance: vector(bn.variance, false),
    },
  };
}

const float32 = async (tensor: tf.Tensor): Promise<Float32Array> => Float32Array.from(await tensor.data());

class TfjsStep implements PeerStep {
  readonly #activate: () => Promise<void>;
  readonly #work: StepWork;
  readonly #layers: readonly WorkLayer[];
  readonly #variables: readonly Variables[];
  readonly #trained: tf.Variable[];
  readonly #x: tf.Tensor2D;
  readonly #labels: tf.Tensor2D;
  readonly #optimizer: tf.AdamOptimizer;
  #loss: tf.Scalar;

  constructor(work: StepWork, activate: () => Promise<void>) {
    const { learningRate, optimizer, batchSize, inputs, classes } = work;
    this.#activate = activate;
    this.#work = work;
    this.#layers = workLayers(work);
    this.#variables = this.#layers.map(makeVariables);
    this.#trained = this.#variables.flatMap(({ w, bias, bn }): tf.Variable[] => [
      w,
      ...(bias ? [bias] : []),
      ...(bn ? [bn.gamma, bn.beta] : []),
    ]);
    this.#x = tf.tensor2d(work.x, [batchSize, inputs]);
    this.#labels = tf.tensor2d(oneHot(work), [batchSize, classes]);
    this.#optimizer = tf.train.adam(learningRate, optimizer.b1, optimizer.b2, optimizer.eps);
    this.#loss = tf.scalar(Number.NaN);
  }

  /** Forward pass, running statistics on the way; returns the cost and keeps the loss. */
  #cost = (): tf.Scalar => {
    const { batchNorm, lambda } = this.#work;
    let value = this.#x;
    for (const { w, bias, bn } of this.#variables) {
      if (bn === undefined) {
        value = tf.fused.matMul({ a: value, b: w, bias: bias! }) as tf.Tensor2D;
        continue;
      }
      const z = tf.matMul<tf.Tensor2D>(value, w);
      const { mean, variance } = tf.moments(z, 0);
      bn.mean.assign(movingAverage(bn.mean, mean as tf.Tensor1D, batchNorm.statsMomentum));
      bn.variance.assign(movingAverage(bn.variance, variance as tf.Tensor1D, batchNorm.statsMomentum));
      const normalised = tf.batchNorm2d(
        z,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        bn.beta,
        bn.gamma,
        batchNorm.eps,
      );
      value = tf.relu(normalised);
    }
    const loss = tf.losses.softmaxCrossEntropy(this.#labels, value) as tf.Scalar;
    this.#loss.dispose();
    this.#loss = tf.keep(loss);
    // Added in pairs: addN of ten tensors binds more storage buffers than WebGPU's default limit of 8 allows, and its
    // pipeline is refused (TensorFlow.js 4.22.0).
    const squares = this.#variables.map(({ w }): tf.Tensor => tf.sum(tf.square(w)));
    return tf.add(loss, tf.mul(squares.reduce(tf.add<tf.Tensor>), lambda));
  };

  async run(steps: number): Promise<void> {
    await this.#activate();
    for (let step = 0; step < steps; step++) this.#optimizer.minimize(this.#cost, false, this.#trained);
    // The smallest tensor that the last update wrote; the queue is in order.
    await this.#variables.at(-1)!.bias!.data();
  }

  async loss(): Promise<number> {
    await this.#activate();
    return (await this.#loss.data())[0]!;
  }

  async parameters(): Promise<Record<string, Float32Array>> {
    await this.#activate();
    const values = this.#variables.map(async ({ w, bias, bn }) => ({
      w: await float32(w),
      ...(bias && { bias: await float32(bias) }),
      ...(bn && {
        bn: {
          gamma: await float32(bn.gamma),
          beta: await float32(bn.beta),
          mean: await float32(bn.mean),
          variance: await float32(bn.variance),
        },
      }),
    }));
    return stateDict(this.#layers, await Promise.all(values));
  }

  async dispose(): Promise<void> {
    await this.#activate();
    this.#optimizer.dispose();
    tf.dispose([this.#x, this.#labels, this.#loss]);
    for (const { w, bias, bn } of this.#variables) {
      for (const variable of [w, bias, bn?.gamma, bn?.beta, bn?.mean, bn?.variance]) variable?.dispose();
    }
  }
}

/** old + momentum (fresh - old): Keras' moving average. */
const movingAverage = (old: tf.Tensor1D, fresh: tf.Tensor1D, momentum: number): tf.Tensor1D =>
  tf.tidy(() => tf.add(old, tf.mul(tf.sub(fresh, old), momentum)));

/** A peer for one backend; the module that calls it has imported the backend's package. */
export function tfjsPeer(backend: TfjsBackend): Peer {
  const activate = async () => {
    if (tf.getBackend() !== backend.name && !(await tf.setBackend(backend.name))) {
      throw new Error(`TensorFlow.js cannot start its backend ${backend.name}`);
    }
  };
  return {
    name: `tfjs-${backend.name}`,
    version: tf.version_core,
    async available() {
      const reason = backend.refuses();
      if (reason !== undefined) return reason;
      try {
        await activate();
        await tf.ready();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    describe: () => backend.describe(),
    refuses(work) {
      if ('inputs' in work || tf.getKernel(tf.Conv2DBackpropFilter, backend.name) !== undefined)
        return undefined;
      if ('options' in work && work.options.pass !== 'wgrad') return undefined;
      return `TensorFlow.js ${tf.version_core} has no ${tf.Conv2DBackpropFilter} for ${backend.name}: it trains no convolutions there`;
    },
    async makeStep(work) {
      await activate();
      return new TfjsStep(work, activate);
    },
    async makeConvStep(work) {
      await activate();
      return new TfjsConvStep(work, activate);
    },
    async makeConvOp(op) {
      await activate();
      return tfjsConvOp(op, activate);
    },
    async makeMatmul(aValues, bValues, M, N, K): Promise<PeerKernel> {
      await activate();
      const a = tf.tensor2d(aValues, [M, K]);
      const b = tf.tensor2d(bValues, [K, N]);
      let c: tf.Tensor2D | undefined;
      return {
        async run(times) {
          await activate();
          for (let i = 0; i < times; i++) {
            c?.dispose();
            c = tf.matMul(a, b);
          }
          // One element of the last product: reading all of a large one would be timed too.
          const corner = tf.slice2d(c!, [0, 0], [1, 1]);
          await corner.data();
          corner.dispose();
        },
        async result() {
          await activate();
          return float32(c!);
        },
        async dispose() {
          await activate();
          tf.dispose([a, b]);
          c?.dispose();
        },
      };
    },
  };
}
