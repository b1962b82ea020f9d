/** train-step: forward, backward, and the update of parameters, optimizer state and running statistics. */
import type { NetSpec } from '../nn/net-spec.ts';
import type { OptimizerSpec } from '../optim/index.ts';
import { referenceLayer } from './layers/index.ts';
import {
  contextOf,
  decayMask,
  type LabelledBatch,
  type NetGradients,
  netGradients,
  type ReferenceNet,
  referenceNet,
  type StateDict64,
} from './net.ts';
import type { StateDict, Tensor64 } from './numbers.ts';
import { update } from './optimizers.ts';

/** What training changes. */
export interface TrainState {
  /** Parameters and running statistics. */
  readonly params: StateDict64;
  /** What the optimizer keeps, by parameter and name; missing: 0. */
  readonly kept: Readonly<Record<string, Readonly<Record<string, Float64Array>>>>;
  /** Updates so far. */
  readonly step: number;
}

/** The state before the first step; running statistics that are missing become 0 and 1. */
export function initialState(spec: NetSpec, params: StateDict): TrainState {
  return { params: asStateDict(referenceNet(spec, params)), kept: {}, step: 0 };
}

function asStateDict({ layers, values }: ReferenceNet): StateDict64 {
  return Object.fromEntries(
    layers.flatMap((layer) =>
      [...layer.parameters, ...layer.statistics].map(({ name, torchShape }) => [
        `${layer.name}.${name}`,
        { shape: torchShape, data: values[`${layer.name}.${name}`]! },
      ]),
    ),
  );
}

/** Settings of one training step. */
export interface TrainSettings {
  readonly optimizer: OptimizerSpec;
  readonly learningRate: number;
  readonly lambda: number;
  /** 0 unless given. */
  readonly labelSmoothing?: number;
}

/** Result of one training step: what `netGradients` gives (before the update) and the state after it. */
export interface TrainStep extends NetGradients {
  readonly state: TrainState;
}

/** One step: forward, backward, update of parameters, optimizer state and running statistics. `state` is left alone. */
export function trainStep(
  spec: NetSpec,
  state: TrainState,
  batch: LabelledBatch,
  { optimizer, learningRate, lambda, labelSmoothing = 0 }: TrainSettings,
): TrainStep {
  const gradients = netGradients(spec, state.params, batch, { lambda, labelSmoothing });
  const net = referenceNet(spec, state.params);
  const params: Record<string, Tensor64> = { ...state.params };
  const kept: Record<string, Readonly<Record<string, Float64Array>>> = {};
  const step = state.step + 1;
  const rateFactors = new Map<string, number>(
    net.layers.flatMap((layer) =>
      layer.parameters.map(({ name, rateFactor = 1 }) => [`${layer.name}.${name}`, rateFactor] as const),
    ),
  );
  for (const [name, { shape, data: dw }] of Object.entries(gradients.lossGrads)) {
    const w = params[name]!.data;
    const decayed = decayMask(net.decayed.has(name), w.length);
    const input = { w, dw, state: state.kept[name] ?? {}, decayed };
    const updated = update(optimizer, input, {
      learningRate,
      lambda,
      step,
      rateFactor: rateFactors.get(name)!,
    });
    params[name] = { shape, data: updated.w };
    kept[name] = updated.state;
  }
  for (const { layer, moments } of gradients.tapes) {
    if (moments === undefined) continue;
    const context = contextOf(net, layer, batch.labels.length, 'training');
    const which = state.step === 0 ? 'first' : 'later';
    const after = referenceLayer(layer.kind.kind).runningAfter!(context, moments, which);
    for (const [name, data] of Object.entries(after)) {
      params[`${layer.name}.${name}`] = { shape: [data.length], data };
    }
  }
  return { ...gradients, state: { params, kept, step } };
}
