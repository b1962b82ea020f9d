/** train-step: forward, backward, and the update of parameters, moments and running statistics. */
import { type AdamSettings, adam } from './adam.ts';
import { updateRunningStats } from './batch-norm.ts';
import {
  decayMask,
  type LayerTape,
  type NetGradients,
  type NetShape,
  netGradients,
  type StateDict64,
  tensorName,
  unpackLayers,
} from './net.ts';
import { type Numbers, type StateDict, type Tensor64, transpose } from './numbers.ts';
import { sgd } from './sgd.ts';

/** Is this a running statistic and not a parameter? */
const isRunningStat = (name: string): boolean => /\.running_(mean|var)$/.test(name);

/** What training changes. */
export interface TrainState {
  /** Parameters and running statistics. */
  readonly params: StateDict64;
  /** Adam's moments by parameter name; zeros and unused with SGD. */
  readonly mu: StateDict64;
  readonly nu: StateDict64;
  /** Updates so far. */
  readonly step: number;
}

/** The state before the first step; running statistics that are missing become 0 and 1. */
export function initialState(net: NetShape, params: StateDict): TrainState {
  const all: Record<string, Tensor64> = {};
  unpackLayers(net, params).forEach(({ K, N, w, bias, bn }, i) => {
    all[tensorName(i, 'linear.weight')] = { shape: [N, K], data: transpose(w, K, N) };
    all[tensorName(i, 'linear.bias')] = { shape: [N], data: bias };
    if (!bn) return;
    all[tensorName(i, 'bn.weight')] = { shape: [N], data: bn.gamma };
    all[tensorName(i, 'bn.bias')] = { shape: [N], data: bn.beta };
    all[tensorName(i, 'bn.running_mean')] = { shape: [N], data: bn.runningMean };
    all[tensorName(i, 'bn.running_var')] = { shape: [N], data: bn.runningVar };
  });
  const zeros = () =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([name]) => !isRunningStat(name))
        .map(([name, { shape, data }]) => [name, { shape, data: new Float64Array(data.length) }]),
    );
  return { params: all, mu: zeros(), nu: zeros(), step: 0 };
}

/** The optimizer of a step. */
export type Optimizer =
  | { readonly kind: 'sgd' }
  | ({ readonly kind: 'adam' } & Pick<AdamSettings, 'b1' | 'b2' | 'eps'>);

/** Settings of one training step. */
export interface TrainSettings {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly lambda: number;
  /** 0 unless given. */
  readonly labelSmoothing?: number;
}

/** Result of one training step: what `netGradients` gives (before the update) and the state after it. */
export interface TrainStep extends NetGradients {
  readonly state: TrainState;
}

/** One step: forward, backward, update of parameters, moments and running statistics. `state` is left alone. */
export function trainStep(
  net: NetShape,
  state: TrainState,
  x: Numbers,
  labels: Numbers,
  { optimizer, learningRate, lambda, labelSmoothing = 0 }: TrainSettings,
): TrainStep {
  const gradients = netGradients(net, state.params, x, labels, lambda, labelSmoothing);
  const params: Record<string, Tensor64> = { ...state.params };
  const mu: Record<string, Tensor64> = { ...state.mu };
  const nu: Record<string, Tensor64> = { ...state.nu };
  const step = state.step + 1;
  for (const [name, { shape, data: dw }] of Object.entries(gradients.lossGrads)) {
    const w = params[name]!.data;
    const decayed = decayMask(name, w.length);
    if (optimizer.kind === 'sgd') {
      params[name] = { shape, data: sgd(w, dw, decayed, { learningRate, lambda }) };
    } else {
      const settings = { ...optimizer, learningRate, lambda, step };
      const updated = adam(w, dw, mu[name]!.data, nu[name]!.data, decayed, settings);
      params[name] = { shape, data: updated.w };
      mu[name] = { shape, data: updated.mu };
      nu[name] = { shape, data: updated.nu };
    }
  }
  Object.assign(params, runningStatsAfter(net, state, gradients.tapes, labels.length));
  return { ...gradients, state: { params, mu, nu, step } };
}

function runningStatsAfter(net: NetShape, state: TrainState, tapes: readonly LayerTape[], B: number) {
  const updated: Record<string, Tensor64> = {};
  if (!net.batchNorm) return updated;
  for (const [i, { batchMean, batchVariance }] of tapes.entries()) {
    if (!batchMean || !batchVariance) continue;
    const meanName = tensorName(i, 'bn.running_mean');
    const varName = tensorName(i, 'bn.running_var');
    const running = { mean: state.params[meanName]!.data, variance: state.params[varName]!.data };
    const batch = { mean: batchMean, variance: batchVariance };
    const after = updateRunningStats(running, batch, B, net.batchNorm, state.step === 0);
    updated[meanName] = { shape: [batchMean.length], data: after.mean };
    updated[varName] = { shape: [batchMean.length], data: after.variance };
  }
  return updated;
}
