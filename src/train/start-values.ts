// What a run's buffers hold before its first step.
import { randomStream } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Tensor } from '../gpu/tensor.ts';
import { initialState } from '../nn/init.ts';
import type { LayerSpec } from '../nn/layers/index.ts';
import type { Model } from '../nn/model.ts';
import { resolveNet } from '../nn/net.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import { layOut, type NamedTensor } from '../nn/parameters.ts';
import { type Averaging, lookaheadKeeps } from '../optim/averaging.ts';
import { writeTables } from '../optim/optimizer.ts';
import { learningRate } from '../optim/schedule.ts';
import type { TrainSettings } from './settings.ts';
import { type ArenaValues, applyStateDict } from './state.ts';
import { namesInStateDict } from './state-dict-names.ts';
import type { RecordedStep } from './step.ts';

/** What parameters start from beside their seeds. */
export interface StartOptions {
  /** A state dict in the place of random values. */
  readonly weights: readonly NamedTensor[] | undefined;
  /** Filters that follow from the data, by name, in PyTorch's layout. */
  readonly filters: ReadonlyMap<string, Float32Array>;
}

/**
 * Parameters and running statistics of every replica from its seed, or from a state dict; moments 0, averages the values themselves.
 * @throws Error where the state dict does not fit the net.
 */
export function initialArenas(
  { layout, params, running, replicas }: Model,
  {
    state: kept,
    averaging,
  }: { readonly state: Readonly<Record<string, Tensor>>; readonly averaging: Averaging | undefined },
  settings: TrainSettings,
  { weights, filters }: StartOptions,
): ArenaValues {
  const parameters = new Float32Array(params.replicaStride * replicas);
  const statistics = new Float32Array(running.replicaStride * replicas);
  for (const [replica, { seed }] of settings.replicas.entries()) {
    const state = initialState(
      layout,
      settings.init,
      (layer) => randomStream(seed, 'weights', layer),
      ({ name }) => filters.get(name)!,
    );
    if (weights !== undefined) applyStateDict(layout, state, weights);
    parameters.set(state.parameters, replica * params.replicaStride);
    statistics.set(state.statistics, replica * running.replicaStride);
  }
  const moments = Object.entries(kept).map(
    ([name, tensor]) => [name, new Float32Array(tensor.replicaStride * replicas)] as const,
  );
  const arenas: ArenaValues = { parameters, statistics };
  const averages = Object.keys(averaging?.slow ?? {}).map((name) => [`slow ${name}`, arenas[name]!] as const);
  return { ...arenas, ...Object.fromEntries([...moments, ...averages]) };
}

/**
 * The net as it goes on from weights: running statistics that come with them are averaged from the first step on. `first-batch` is for nets
 * that start at random.
 */
export function withLoadedStatistics(net: NetSpec, weights: readonly NamedTensor[]): NetSpec {
  const names = namesInStateDict(layOut(net), weights);
  const given = new Set(weights.map(({ name }) => name));
  const layers = resolveNet(net).map(({ spec, name, statistics }): LayerSpec => {
    const loaded = statistics.every((statistic) => given.has(names.get(`${name}.${statistic.name}`)!));
    return spec.kind === 'batch-norm' && loaded ? { ...spec, runningInit: 'loaded' } : spec;
  });
  return { ...net, layers };
}

/** Writes what the updates look up by step and by replica: once for the whole run. */
export function writeStepTables(
  { device: { queue } }: Gpu,
  { optimizer: update, averaging }: Pick<RecordedStep, 'optimizer' | 'averaging'>,
  { optimizer, replicas, schedule, steps, lookahead }: TrainSettings,
): void {
  writeTables(queue, update, optimizer, { steps, replicas, rateOf: (t) => learningRate(schedule, t) });
  if (averaging !== undefined && lookahead !== undefined) {
    queue.writeBuffer(averaging.keeps.buffer, 0, lookaheadKeeps(lookahead, steps));
  }
}
