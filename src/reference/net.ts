/**
 * net: a whole net, forward and backward, from a spec and a PyTorch-like state dict, layer by layer (layers/).
 *
 * loss = mean cross-entropy, cost = loss + lambda * sum of w^2 over the weight matrices. Names and layout are PyTorch's.
 */
import { isTrained, type Mode } from '../nn/layers/layer.ts';
import { type PlacedLayer, resolveNet } from '../nn/net.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import { referenceLayer } from './layers/index.ts';
import type { ReferenceContext, Tape } from './layers/layer.ts';
import { expectLength, type Numbers, type StateDict, type Tensor64 } from './numbers.ts';
import { addL2 } from './sgd.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';

/** Tensors that a reference function made, by name. */
export type StateDict64 = Readonly<Record<string, Tensor64>>;

/** Values by name, which may be changed in place. */
export type Values = Readonly<Record<string, Float64Array>>;

/** Layers that a net is computed with, from a state dict. */
export interface ReferenceNet {
  readonly spec: NetSpec;
  readonly layers: readonly PlacedLayer[];
  readonly values: Values;
  /** Names of the weight matrices, which the L2 term is for. */
  readonly decayed: ReadonlySet<string>;
}

/**
 * Copies the parameters and running statistics of a net from a state dict; statistics that are missing start as in training.
 * @throws RangeError for a parameter that is missing or has another size
 */
export function referenceNet(spec: NetSpec, state: StateDict): ReferenceNet {
  const layers = resolveNet(spec);
  const values: Record<string, Float64Array> = {};
  const decayed = new Set<string>();
  for (const layer of layers) {
    for (const { name: rest, torchShape, decays } of layer.parameters) {
      const name = `${layer.name}.${rest}`;
      const tensor = state[name];
      if (!tensor) throw new RangeError(`net: the state dict has no ${name}`);
      expectLength('net', name, tensor.data, sizeOf(torchShape));
      values[name] = Float64Array.from(tensor.data);
      if (decays) decayed.add(name);
    }
    for (const { name: rest, torchShape, init } of layer.statistics) {
      const name = `${layer.name}.${rest}`;
      const start = new Float64Array(sizeOf(torchShape)).fill(Number(init));
      values[name] = name in state ? Float64Array.from(state[name]!.data) : start;
    }
  }
  return { spec, layers, values, decayed };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** What a layer is computed with. */
export const contextOf = (
  { values }: ReferenceNet,
  { spec, name, input, output }: PlacedLayer,
  M: number,
  mode: Mode,
): ReferenceContext<PlacedLayer['spec']> => ({
  spec,
  M,
  input,
  output,
  mode,
  tensor: (rest) => values[`${name}.${rest}`]!,
});

/** A layer that was run, and what it was given. */
export interface LayerTape extends Tape {
  readonly layer: PlacedLayer;
  readonly x: Float64Array;
}

/** Forward pass of x (M, ...) through the layers from place `from` on; the last tape's `y` is the logits (M, classes). */
export function forwardFrom(
  net: ReferenceNet,
  x: Numbers,
  M: number,
  { mode, from = 0 }: { readonly mode: Mode; readonly from?: number },
): LayerTape[] {
  let value: Float64Array = Float64Array.from(x);
  return net.layers.slice(from).map((layer) => {
    const tape = referenceLayer(layer.kind.kind).forward(contextOf(net, layer, M, mode), value);
    const given = value;
    value = tape.y;
    return { ...tape, layer, x: given };
  });
}

/** logits (B, classes) of x (B, inputs). */
export function netForward(spec: NetSpec, state: StateDict, x: Numbers, mode: Mode): Float64Array {
  return forwardFrom(referenceNet(spec, state), x, x.length / inputsOf(spec), { mode }).at(-1)!.y;
}

const inputsOf = ({ input }: NetSpec): number =>
  'features' in input ? input.features : input.channels * input.height * input.width;

/**
 * Running statistics computed anew, from one pass over all of x (samples, inputs), layer by layer: each layer's are mean and
 * variance of its inputs as they are with the new statistics of the layers before it. The old ones play no part.
 * @returns `layers.<i>.bn.running_mean` and `.running_var`
 */
export function netStatistics(spec: NetSpec, state: StateDict, x: Numbers): StateDict64 {
  const net = referenceNet(spec, state);
  const values: Record<string, Float64Array> = { ...net.values };
  const fresh = { ...net, values };
  const M = x.length / inputsOf(spec);
  const found: Record<string, Tensor64> = {};
  let value: Float64Array = Float64Array.from(x);
  for (const layer of net.layers) {
    const mirror = referenceLayer(layer.kind.kind);
    const training = contextOf(fresh, layer, M, 'training');
    const { moments } = mirror.forward(training, value);
    if (moments !== undefined) {
      for (const [rest, data] of Object.entries(mirror.runningAfter!(training, moments, 'always'))) {
        values[`${layer.name}.${rest}`] = data;
        found[`${layer.name}.${rest}`] = { shape: [data.length], data };
      }
    }
    value = mirror.forward(contextOf(fresh, layer, M, 'evaluation'), value).y;
  }
  return found;
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
export function l2Cost({ values, decayed }: ReferenceNet, lambda: number): number {
  return lambda * sum([...decayed].map((name) => sum(values[name]!.map((value) => value * value))));
}

/** A batch and what its loss is made of. */
export interface LossOptions {
  /** Weight of the L2 term in the cost; 0 unless given. */
  readonly lambda?: number;
  /** 'training', with the batch's statistics, unless given. */
  readonly mode?: Mode;
  /** Of the labels in the loss; 0 unless given. */
  readonly labelSmoothing?: number;
}

/** A labelled batch: x (B, inputs), labels (B). */
export interface LabelledBatch {
  readonly x: Numbers;
  readonly labels: Numbers;
}

/** Loss, cost and hits of a batch. */
export function netLoss(
  spec: NetSpec,
  state: StateDict,
  { x, labels }: LabelledBatch,
  { lambda = 0, mode = 'training', labelSmoothing = 0 }: LossOptions = {},
): NetLoss {
  const net = referenceNet(spec, state);
  const logits = forwardFrom(net, x, labels.length, { mode }).at(-1)!.y;
  const { loss, hit } = softmaxCrossEntropy(logits, labels, labels.length, spec.classes, labelSmoothing);
  const meanLoss = sum(loss) / labels.length;
  return { logits, loss: meanLoss, cost: meanLoss + l2Cost(net, lambda), hits: sum(hit) };
}

/** What a forward and backward pass in training mode gives. */
export interface NetGradients extends NetLoss {
  /** d loss / d parameter, of those that are trained; names and layout of the state dict, WITHOUT the L2 term. */
  readonly lossGrads: StateDict64;
  /** d cost / d parameter: `lossGrads` plus 2 lambda w for the weight matrices. */
  readonly grads: StateDict64;
  /** Each layer's intermediate results. */
  readonly tapes: readonly LayerTape[];
}

/** Gradients of one batch in training mode. */
export function netGradients(
  spec: NetSpec,
  state: StateDict,
  { x, labels }: LabelledBatch,
  { lambda = 0, labelSmoothing = 0 }: Omit<LossOptions, 'mode'> = {},
): NetGradients {
  const net = referenceNet(spec, state);
  const M = labels.length;
  const tapes = forwardFrom(net, x, M, { mode: 'training' });
  const logits = tapes.at(-1)!.y;
  const { loss, hit, dlogits } = softmaxCrossEntropy(logits, labels, M, spec.classes, labelSmoothing);
  const lossGrads: Record<string, Tensor64> = {};
  let dy = dlogits;
  for (const { layer, backward } of [...tapes].reverse()) {
    const { dx, grads } = backward(dy);
    for (const { name, torchShape } of layer.parameters.filter(isTrained)) {
      lossGrads[`${layer.name}.${name}`] = { shape: torchShape, data: grads[name]! };
    }
    dy = dx;
  }
  const grads = Object.fromEntries(
    Object.entries(lossGrads).map(([name, { shape, data }]) => {
      const decayed = decayMask(net.decayed.has(name), data.length);
      return [name, { shape, data: addL2(data, net.values[name]!, decayed, lambda) }];
    }),
  );
  const meanLoss = sum(loss) / M;
  const cost = meanLoss + l2Cost(net, lambda);
  return { logits, loss: meanLoss, cost, hits: sum(hit), lossGrads, grads, tapes };
}

/** 1 for each element where the L2 term applies. */
export const decayMask = (decays: boolean, length: number): Uint8Array =>
  new Uint8Array(length).fill(decays ? 1 : 0);
