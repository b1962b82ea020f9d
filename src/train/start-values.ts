// What a run's buffers hold before its first step.
import { randomStream } from '../data/random.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Tensor } from '../gpu/tensor.ts';
import { initialState } from '../nn/init.ts';
import type { Model } from '../nn/model.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import { biasCorrections, type Optimizer } from '../optim/optimizer.ts';
import { learningRate } from '../optim/schedule.ts';
import type { TrainSettings } from './settings.ts';
import { type ArenaValues, applyStateDict } from './state.ts';

/**
 * Parameters and running statistics of every replica from its seed, or from a state dict; moments 0.
 * @throws Error where the state dict does not fit the net.
 */
export function initialArenas(
  { layout, params, running, replicas }: Model,
  optimizerState: Readonly<Record<string, Tensor>>,
  settings: TrainSettings,
  weights: readonly NamedTensor[] | undefined,
): ArenaValues {
  const parameters = new Float32Array(params.replicaStride * replicas);
  const statistics = new Float32Array(running.replicaStride * replicas);
  for (const [replica, { seed }] of settings.replicas.entries()) {
    const state = initialState(layout, settings.init, (layer) => randomStream(seed, 'weights', layer));
    if (weights !== undefined) applyStateDict(layout, state, weights);
    parameters.set(state.parameters, replica * params.replicaStride);
    statistics.set(state.statistics, replica * running.replicaStride);
  }
  const moments = Object.entries(optimizerState).map(
    ([name, tensor]) => [name, new Float32Array(tensor.replicaStride * replicas)] as const,
  );
  return { parameters, statistics, ...Object.fromEntries(moments) };
}

/** Writes what the optimizer looks up by step: once for the whole run. */
export function writeTables({ device }: Gpu, optimizer: Optimizer, settings: TrainSettings): void {
  const { replicas, schedule, steps } = settings;
  const rates = new Float32Array(Math.max(steps, 1) * replicas.length);
  for (let step = 0; step < steps; step++) {
    const rate = learningRate(schedule, step);
    for (const [r, { rateScale }] of replicas.entries()) rates[step * replicas.length + r] = rate * rateScale;
  }
  const lambdas = Float32Array.from(replicas, ({ lambda }) => lambda);
  device.queue.writeBuffer(optimizer.rates.buffer, 0, rates);
  device.queue.writeBuffer(optimizer.lambdas.buffer, 0, lambdas);
  if (optimizer.corrections !== undefined && settings.optimizer.kind === 'adam') {
    device.queue.writeBuffer(optimizer.corrections.buffer, 0, biasCorrections(settings.optimizer, steps));
  }
}
