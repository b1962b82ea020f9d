/**
 * net: a whole fully connected net, forward and backward, from a spec and a PyTorch-like state dict.
 *
 * Block i of `hidden.length`: z = a · w + bias, then batch norm and ReLU in the spec's order (or ReLU alone); the last
 * layer is linear only. loss = mean cross-entropy, cost = loss + lambda * sum of w^2 over the weight matrices.
 *
 * Names and layout are PyTorch's: `layers.<i>.linear.weight` (out, in), `layers.<i>.linear.bias`, `layers.<i>.bn.weight`
 * (gamma), `.bias` (beta), `.running_mean`, `.running_var`. Inside, w is (in, out) = (K, N).
 */
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  type RunningStatsOptions,
  updateRunningStats,
} from './batch-norm.ts';
import { biasGrad } from './bias.ts';
import { matmul, matmulDgrad, matmulWgrad } from './matmul.ts';
import { expectLength, type Numbers, type StateDict, type Tensor64, transpose } from './numbers.ts';
import { relu, reluBackward } from './relu.ts';
import { addL2 } from './sgd.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';

/** Batch norm in a net. */
export interface NetBatchNorm extends RunningStatsOptions {
  readonly order: 'before-relu' | 'after-relu';
  /** Added to the variance before the square root. */
  readonly eps: number;
}

/** The net as plain data. */
export interface NetShape {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  /** `null`: only linear and ReLU. */
  readonly batchNorm: NetBatchNorm | null;
}

/** Tensors that a reference function made, by name. */
export type StateDict64 = Readonly<Record<string, Tensor64>>;

/** Which statistics batch norm uses: the batch's own, or the running ones. */
export type Mode = 'training' | 'evaluation';

/** One layer's parameters, in the layout the maths uses. */
export interface LayerParams {
  readonly K: number;
  readonly N: number;
  /** (K, N) */
  readonly w: Float64Array;
  /** (N) */
  readonly bias: Float64Array;
  /** `null` for the last layer and in nets without batch norm; each (N). */
  readonly bn: BatchNormParams | null;
  /** ReLU follows: every layer but the last. */
  readonly isHidden: boolean;
}

/** One layer's batch norm; the running statistics are 0 and 1 where the state dict has none. */
export interface BatchNormParams {
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  readonly runningMean: Float64Array;
  readonly runningVar: Float64Array;
}

/** What the forward pass of one layer leaves for the backward pass; M = batch size. */
export interface LayerTape {
  /** (M, K) */
  readonly input: Float64Array;
  /** (M, N): what batch norm was given, if there is one. */
  readonly bnInput: Float64Array | null;
  /** (N), in training mode. */
  readonly batchMean: Float64Array | null;
  /** (N), biased, in training mode. */
  readonly batchVariance: Float64Array | null;
  /** (N), in training mode. */
  readonly invStd: Float64Array | null;
  /** (M, N): what the ReLU was given, if there is one. */
  readonly reluInput: Float64Array | null;
  /** (M, N) */
  readonly output: Float64Array;
}

/** K and N of each layer. */
export function layerShapes(net: NetShape): { K: number; N: number }[] {
  const dims = [net.inputs, ...net.hidden, net.classes];
  return dims.slice(1).map((N, i) => ({ K: dims[i]!, N }));
}

/** Name of a tensor: `tensorName(0, 'linear.weight')` is `layers.0.linear.weight`. */
export const tensorName = (layer: number, rest: string): string => `layers.${layer}.${rest}`;

/** Does the L2 term apply to this tensor? To weight matrices only. */
export const isDecayed = (name: string): boolean => name.endsWith('.linear.weight');

function tensorData(state: StateDict, name: string, length: number): Float64Array {
  const tensor = state[name];
  if (!tensor) throw new RangeError(`net: the state dict has no ${name}`);
  expectLength('net', name, tensor.data, length);
  return Float64Array.from(tensor.data);
}

/** The layers' parameters, copied from a state dict; weights transposed to (K, N). */
export function unpackLayers(net: NetShape, state: StateDict): LayerParams[] {
  return layerShapes(net).map(({ K, N }, i) => {
    const isHidden = i < net.hidden.length;
    const get = (rest: string) => tensorData(state, tensorName(i, rest), N);
    const stat = (rest: string, value: number) =>
      tensorName(i, rest) in state ? get(rest) : new Float64Array(N).fill(value);
    const bn =
      isHidden && net.batchNorm
        ? {
            gamma: get('bn.weight'),
            beta: get('bn.bias'),
            runningMean: stat('bn.running_mean', 0),
            runningVar: stat('bn.running_var', 1),
          }
        : null;
    const w = transpose(tensorData(state, tensorName(i, 'linear.weight'), K * N), N, K);
    return { K, N, w, bias: get('linear.bias'), bn, isHidden };
  });
}

function layerForward(layer: LayerParams, input: Float64Array, M: number, net: NetShape, mode: Mode) {
  const { K, N, w, bias, bn, isHidden } = layer;
  const shape = { B: M, N };
  let value = matmul(input, w, bias, { M, K, N });
  let bnInput: Float64Array | null = null;
  let stats: Pick<LayerTape, 'batchMean' | 'batchVariance' | 'invStd'> = {
    batchMean: null,
    batchVariance: null,
    invStd: null,
  };
  let reluInput: Float64Array | null = null;
  const normalise = () => {
    if (!bn || !net.batchNorm) return;
    const { eps } = net.batchNorm;
    bnInput = value;
    if (mode === 'training') {
      const { y, ...rest } = batchNormForward(value, bn.gamma, bn.beta, shape, eps);
      stats = rest;
      value = y;
    } else {
      const running = { mean: bn.runningMean, variance: bn.runningVar };
      value = batchNormInference(value, bn.gamma, bn.beta, running, shape, eps);
    }
  };
  const isBefore = net.batchNorm?.order === 'before-relu';
  if (isBefore) normalise();
  if (isHidden) {
    reluInput = value;
    value = relu(value);
  }
  if (!isBefore) normalise();
  return { input, bnInput, ...stats, reluInput, output: value };
}

/**
 * Forward pass through layers `from` .. last.
 * @param input (M, K of layer `from`)
 * @returns a tape per layer that was run; the last one's `output` is the logits (M, classes)
 */
export function forwardLayers(
  net: NetShape,
  layers: readonly LayerParams[],
  input: Numbers,
  M: number,
  mode: Mode,
  from = 0,
): LayerTape[] {
  expectLength('forwardLayers', 'input', input, M * layers[from]!.K);
  const tapes: LayerTape[] = [];
  let value: Float64Array = Float64Array.from(input);
  for (const layer of layers.slice(from)) {
    const tape = layerForward(layer, value, M, net, mode);
    tapes.push(tape);
    value = tape.output;
  }
  return tapes;
}

/** logits (B, classes) of x (B, inputs). */
export function netForward(net: NetShape, state: StateDict, x: Numbers, mode: Mode): Float64Array {
  const layers = unpackLayers(net, state);
  return forwardLayers(net, layers, x, x.length / net.inputs, mode).at(-1)!.output;
}

/**
 * Running statistics computed anew, from one pass over all of x (samples, inputs), layer by layer: each layer's are mean and
 * variance of its inputs as they are with the new statistics of the layers before it. The old ones play no part.
 * @returns `layers.<i>.bn.running_mean` and `.running_var`
 */
export function netStatistics(net: NetShape, state: StateDict, x: Numbers): StateDict64 {
  const { batchNorm } = net;
  const statistics: Record<string, Tensor64> = {};
  if (!batchNorm) return statistics;
  const B = x.length / net.inputs;
  const isBefore = batchNorm.order === 'before-relu';
  let value: Float64Array = Float64Array.from(x);
  for (const [i, { K, N, w, bias, bn }] of unpackLayers(net, state).entries()) {
    if (!bn) break;
    const z = matmul(value, w, bias, { M: B, K, N });
    const bnInput = isBefore ? z : relu(z);
    const batch = batchNormForward(bnInput, bn.gamma, bn.beta, { B, N }, batchNorm.eps);
    const always = { ...batchNorm, statsMomentum: 1 };
    const before = { mean: bn.runningMean, variance: bn.runningVar };
    const fresh = { mean: batch.batchMean, variance: batch.batchVariance };
    const { mean, variance } = updateRunningStats(before, fresh, B, always, true);
    statistics[tensorName(i, 'bn.running_mean')] = { shape: [N], data: mean };
    statistics[tensorName(i, 'bn.running_var')] = { shape: [N], data: variance };
    const normalised = batchNormInference(
      bnInput,
      bn.gamma,
      bn.beta,
      { mean, variance },
      { B, N },
      batchNorm.eps,
    );
    value = isBefore ? relu(normalised) : normalised;
  }
  return statistics;
}

/** Loss and accuracy of one batch. */
export interface NetLoss {
  /** (B, classes) */
  readonly logits: Float64Array;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** loss + lambda * sum of w^2 over the weight matrices. */
  readonly cost: number;
  /** Samples whose largest logit is the label's. */
  readonly hits: number;
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** lambda * sum of w^2 over the weight matrices. */
export function l2Cost(layers: readonly LayerParams[], lambda: number): number {
  return lambda * sum(layers.map(({ w }) => sum(w.map((value) => value * value))));
}

/** Loss, cost and hits of a batch: training statistics, or with mode 'evaluation' the running ones. */
export function netLoss(
  net: NetShape,
  state: StateDict,
  x: Numbers,
  labels: Numbers,
  lambda: number,
  mode: Mode,
): NetLoss {
  const logits = netForward(net, state, x, mode);
  const { loss, hit } = softmaxCrossEntropy(logits, labels, labels.length, net.classes);
  const meanLoss = sum(loss) / labels.length;
  return {
    logits,
    loss: meanLoss,
    cost: meanLoss + l2Cost(unpackLayers(net, state), lambda),
    hits: sum(hit),
  };
}

/** Loss and accuracy with the running statistics. */
export const evaluate = (net: NetShape, state: StateDict, x: Numbers, labels: Numbers, lambda = 0): NetLoss =>
  netLoss(net, state, x, labels, lambda, 'evaluation');

/** What a forward and backward pass in training mode gives. */
export interface NetGradients extends NetLoss {
  /** d loss / d parameter, names and layout of the state dict, WITHOUT the L2 term. */
  readonly lossGrads: StateDict64;
  /** d cost / d parameter: `lossGrads` plus 2 lambda w for the weight matrices. */
  readonly grads: StateDict64;
  /** Each layer's intermediate results. */
  readonly tapes: readonly LayerTape[];
}

/** Gradients of one batch in training mode: x (B, inputs), labels (B), smoothed for the loss where that is wanted. */
export function netGradients(
  net: NetShape,
  state: StateDict,
  x: Numbers,
  labels: Numbers,
  lambda: number,
  labelSmoothing = 0,
): NetGradients {
  const M = labels.length;
  const layers = unpackLayers(net, state);
  const tapes = forwardLayers(net, layers, x, M, 'training');
  const logits = tapes.at(-1)!.output;
  const { loss, hit, dlogits } = softmaxCrossEntropy(logits, labels, M, net.classes, labelSmoothing);
  const lossGrads: Record<string, Tensor64> = {};
  let dy = dlogits;
  for (let i = layers.length - 1; i >= 0; i--) {
    const { K, N, w, bn } = layers[i]!;
    const tape = tapes[i]!;
    const throughBatchNorm = () => {
      if (!bn || !tape.bnInput) return;
      const { dx, dgamma, dbeta } = batchNormBackward(
        dy,
        tape.bnInput,
        bn.gamma,
        tape.batchMean!,
        tape.invStd!,
        { B: M, N },
      );
      lossGrads[tensorName(i, 'bn.weight')] = { shape: [N], data: dgamma };
      lossGrads[tensorName(i, 'bn.bias')] = { shape: [N], data: dbeta };
      dy = dx;
    };
    const isBefore = net.batchNorm?.order === 'before-relu';
    if (!isBefore) throughBatchNorm();
    if (tape.reluInput) dy = reluBackward(dy, tape.reluInput);
    if (isBefore) throughBatchNorm();
    const dw = matmulWgrad(tape.input, dy, { M, K, N });
    lossGrads[tensorName(i, 'linear.weight')] = { shape: [N, K], data: transpose(dw, K, N) };
    lossGrads[tensorName(i, 'linear.bias')] = { shape: [N], data: biasGrad(dy, M, N) };
    if (i > 0) dy = matmulDgrad(dy, w, { M, K, N });
  }
  const grads = Object.fromEntries(
    Object.entries(lossGrads).map(([name, { shape, data }]) => {
      const w = tensorData(state, name, data.length);
      return [name, { shape, data: addL2(data, w, decayMask(name, data.length), lambda) }];
    }),
  );
  const meanLoss = sum(loss) / M;
  const cost = meanLoss + l2Cost(layers, lambda);
  return { logits, loss: meanLoss, cost, hits: sum(hit), lossGrads, grads, tapes };
}

/** 1 for each element that the L2 term applies to. */
export const decayMask = (name: string, length: number): Uint8Array =>
  new Uint8Array(length).fill(isDecayed(name) ? 1 : 0);
