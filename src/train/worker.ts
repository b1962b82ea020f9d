// The engine's worker: trains one run and reports. The page and the headless run start the same file.
import { splitTraining } from '../data/splits.ts';
import { adapterName, type Gpu, requestGpu } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import type { KernelCall } from '../kernels/call.ts';
import {
  defaultChoice,
  forcedChoice,
  forcesGatherApart,
  recordedChoice,
  UnknownVariant,
  type VariantChoice,
} from '../kernels/variant-choice.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { loadDataset } from './dataset.ts';
import { NonFiniteLoss, requireFiniteScores, requireFiniteState, requireFiniteWeights } from './finite.ts';
import type { FromWorker, Outcome, StartMessage, ToWorker } from './messages.ts';
import { writeSafetensors } from './safetensors.ts';
import { Trainer } from './trainer.ts';
import { type Tuning, tune, tunedChoice, tuningKey } from './tuner.ts';
import { readWeights } from './weights-file.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const stop = new AbortController();

function post(message: FromWorker): void {
  scope.postMessage(message);
}

async function run(start: StartMessage): Promise<void> {
  const gpu = await requestGpu(navigator.gpu);
  post({ type: 'adapter', adapter: gpu.adapter, name: adapterName(gpu.adapter) });

  const checkpoint = start.checkpoint && readCheckpoint(start.checkpoint);
  const settings = checkpoint?.settings ?? start.settings;
  const weights = start.weights && readWeights(start.weights);
  const { training } = splitTraining(settings.valSize);
  const dataset = await loadDataset(
    gpu,
    {
      baseUrl: start.dataUrl,
      signal: stop.signal,
      onProgress: ({ doneBytes, totalBytes }) => post({ type: 'loading', doneBytes, totalBytes }),
    },
    training.count,
    settings.normalisation,
  );

  const { tuning, variants = {} } = start;
  const key = tuningKey(gpu, navigator.userAgent);
  const known: Tuning = { key, ops: tuning?.known[key] ?? {} };
  const choice = forcedChoice(variants, tuning?.afterwards ? tunedChoice(known) : defaultChoice);
  const measures = tuning !== undefined && checkpoint === undefined;
  const trainer = await Trainer.make(gpu, dataset, settings, {
    choose: checkpoint === undefined ? choice : recordedChoice(checkpoint.variants, choice),
    forced: variants,
    ...(measures && !tuning.afterwards && { measure: measureWith(gpu, variants, known, tuning.budgetMs) }),
    ...(forcesGatherApart(variants) && { fuseGather: false }),
    ...(weights && { weights }),
    ...(checkpoint && { checkpoint }),
  });
  const sameAdapter = checkpoint === undefined || checkpoint.adapter === adapterName(gpu.adapter);
  post({
    type: 'ready',
    settings: trainer.settings,
    step: trainer.step,
    stepsPerEpoch: trainer.stepsPerEpoch,
    dispatchesPerStep: trainer.plan.dispatches.length,
    tuned: measures && (!tuning.afterwards || Object.keys(known.ops).length > 0),
    variants: trainer.plan.variants,
    modelBytes: trainer.sizeBytes,
    datasetBytes: dataset.sizeBytes,
    ...(!sameAdapter && { otherAdapter: checkpoint.adapter }),
  });

  const finished = await trainer.train({
    signal: stop.signal,
    onReport: (report) => post({ type: 'report', report }),
    onValidation(report) {
      if (!start.toleratesDivergence)
        requireFiniteScores(report.validation, 'validation', settings.replicas, report.step);
      post({ type: 'validation', report });
    },
    ...(start.toleratesDivergence && { onNonFinite: (event) => post({ type: 'diverged', ...event }) }),
    ...(start.checkpoints && {
      onCheckpoint: (state) => postCheckpoint(state, start),
    }),
  });
  if (!finished && start.checkpoints) postCheckpoint(await trainer.checkpoint(), start);
  const gradients = start.gradients ? (await trainer.gradients()).map(fileOf) : null;
  const { steps, busyMs } = trainer.pace;
  if (finished && settings.batchStatistics) await trainer.replaceStatistics(settings.batchStatistics);
  const own = await outcomeOf(trainer, finished, start);
  const also: Outcome[] = [];
  for (const spec of finished ? (start.also ?? []) : []) {
    await trainer.replaceStatistics(spec);
    also.push(await outcomeOf(trainer, true, start));
  }
  const msPerStep = steps === 0 ? null : busyMs / steps;
  post({ type: 'done', result: { ...own, finished, step: trainer.step, msPerStep, also, gradients } });
  // A trainer of its own: the measurements write to its buffers.
  if (measures && tuning.afterwards) {
    await trainer.destroy();
    await Trainer.make(gpu, dataset, settings, {
      measure: measureWith(gpu, variants, known, tuning.budgetMs),
    });
  }
}

/** Measures what is not known yet, and forces what the user forces. */
function measureWith(
  gpu: Gpu,
  variants: NonNullable<StartMessage['variants']>,
  known: Tuning,
  budgetMs: number,
) {
  return async (pipelines: PipelineCache, calls: readonly KernelCall[]): Promise<VariantChoice> => {
    const tuning = await tune(gpu, pipelines, calls, known, {
      budgetMs,
      skip: (op) => Object.keys(variants).some((forced) => op === forced || op.startsWith(`${forced}-`)),
      onProgress: (done, total, op) => post({ type: 'tuning', done, total, op }),
      signal: stop.signal,
    });
    post({ type: 'tuned', tuning });
    return forcedChoice(variants, tunedChoice(tuning));
  };
}

function postCheckpoint(state: Checkpoint, { toleratesDivergence }: StartMessage): void {
  if (!toleratesDivergence) requireFiniteState(state.arenas, state.settings.replicas, state.step);
  post({ type: 'checkpoint', step: state.step, file: writeCheckpoint(state) });
}

/** @throws NonFiniteLoss where the start message does not tolerate it */
async function outcomeOf(
  trainer: Trainer,
  finished: boolean,
  { confusion = false, withoutTest = false, toleratesDivergence }: StartMessage,
): Promise<Outcome> {
  const { settings, step } = trainer;
  const weights = await trainer.weights();
  const validation = finished && settings.valSize > 0 ? await trainer.evaluate('validation') : null;
  const test = finished && !withoutTest ? await trainer.evaluate('test') : null;
  if (!toleratesDivergence) {
    requireFiniteWeights(weights, settings.replicas, step);
    requireFiniteScores(validation, 'validation', settings.replicas, step);
    requireFiniteScores(test, 'test', settings.replicas, step);
  }
  return {
    validation,
    test,
    confusion: finished && confusion ? await trainer.confusion() : null,
    weights: weights.map(fileOf),
  };
}

const fileOf = (tensors: readonly NamedTensor[]) => writeSafetensors({ tensors, metadata: {} });

const isUserError = (error: unknown): boolean =>
  error instanceof NonFiniteLoss || error instanceof GpuError || error instanceof UnknownVariant;

scope.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'stop') {
    stop.abort(new Error('stopped'));
    return;
  }
  run(data).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    post({ type: 'error', message, user: isUserError(error) });
  });
});
