// A training run from its request to its results: what every host calls with a device, data and a request.
import type { Gpu } from '../gpu/device.ts';
import { forcedName } from '../kernels/variant-choice.ts';
import type { NamedTensor } from '../nn/parameters.ts';
import { forBriefRun, isBrief } from './brief-run.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { GpuDataset } from './dataset.ts';
import { requireFiniteScores, requireFiniteState } from './finite.ts';
import type { Outcome, RunEvent, RunRequest, RunResult, RunStart, TuningRequest } from './messages.ts';
import { fileOf, outcomeOf, prepareOutcome } from './outcome.ts';
import { beginPhase, type PhaseName } from './phases.ts';
import { readyReport } from './ready-report.ts';
import { type RunTuning, runChoices } from './run-choices.ts';
import type { BatchStatisticsSpec, TrainSettings } from './settings.ts';
import { stepChoiceOf, tuneStep } from './step-choice.ts';
import { Trainer } from './trainer.ts';
import { type Tuning, tuningKey } from './tuner.ts';
import { unlessStopped } from './unless-stopped.ts';
import { readWeights } from './weights-file.ts';

/** What a run is given by its host. */
export interface RunSurroundings {
  readonly gpu: Gpu;
  /** The data, normalised for the training split of these settings. */
  readonly dataset: (settings: TrainSettings) => GpuDataset;
  readonly onEvent: (event: RunEvent) => void;
  /** Stops the run in order: after the steps already submitted, with a checkpoint where checkpoints are wanted. */
  readonly signal: AbortSignal;
  /** Browser, or what else runs the engine, with its version: measured variants are kept for it. */
  readonly runner: string;
}

/**
 * Trains, scores, and returns what the run amounts to; where the signal stopped it, as far as it came.
 * @throws NonFiniteLoss unless the request tolerates it; GpuError; UnknownVariant; Error for a file that is damaged or does not fit
 */
export async function runTraining(request: RunRequest, surroundings: RunSurroundings): Promise<RunResult> {
  const { gpu, onEvent, signal } = surroundings;
  const start = opened(request.from);
  const { settings, checkpoint } = start;
  const begin = (phase: PhaseName) => beginPhase(phase, (told) => onEvent({ type: 'phase', ...told }));
  const endData = begin('data');
  const dataset = surroundings.dataset(settings);
  dataset.arrived.then(endData, () => {});
  const brief = start.tuning?.forAnyLength !== true && isBrief(settings, request);
  const seen = brief ? forBriefRun(gpu) : gpu;
  const tuning =
    brief || start.tuning === undefined ? undefined : tuningOf(request, start.tuning, surroundings);
  const trainer = await Trainer.make(seen, dataset, settings, {
    ...runChoices(request.variants ?? {}, tuning),
    onCompiled: begin('compile'),
    ...(start.weights && { weights: start.weights }),
    ...(checkpoint && { checkpoint }),
  });
  const kernels = seen !== gpu ? 'brief' : tuning !== undefined ? 'measured' : 'default';
  onEvent({ type: 'ready', ...readyReport(trainer, { gpu, dataset, kernels, checkpoint }) });
  void prepareOutcome(trainer, request); // Behind the step's pipelines.
  const endTraining = begin('training');
  const trained = await train(trainer, request, { onEvent, signal }, begin('first step'));
  endTraining();
  const endEvaluation = begin('evaluation');
  const result = await results(trainer, request, trained, signal);
  endEvaluation();
  onEvent({ type: 'done', result });
  return result;
}

/** A start with its file read. */
interface OpenedStart {
  readonly settings: TrainSettings;
  readonly weights?: readonly NamedTensor[];
  readonly checkpoint?: Checkpoint;
  readonly tuning?: TuningRequest | undefined;
}

function opened(from: RunStart): OpenedStart {
  if (from.kind === 'checkpoint') {
    const checkpoint = readCheckpoint(from.file);
    return { settings: checkpoint.settings, checkpoint };
  }
  return from.kind === 'weights' ? { ...from, weights: readWeights(from.file) } : from;
}

/** Measures what is not known of a step, as the request wants it. */
function tuningOf(
  { variants = {} }: RunRequest,
  { known, budgetMs }: TuningRequest,
  { gpu, onEvent, signal, runner }: RunSurroundings,
): RunTuning {
  const key = tuningKey(gpu, runner);
  const tuning: Tuning = { key, ops: known[key] ?? {} };
  return {
    known: tuning,
    async measure(choiceOf, steps) {
      const end = beginPhase('tuning', (told) => onEvent({ type: 'phase', ...told }));
      let left = { ops: 0, of: 0 };
      const found = await tuneStep(gpu, steps, tuning, {
        choiceOf,
        budgetMs,
        skip: (op) => forcedName(op, variants) !== undefined,
        onProgress: (done, total, op) => onEvent({ type: 'tuning', done, total, op }),
        onLeft(ops, of) {
          left = { ops, of };
        },
        signal,
      });
      end();
      onEvent({ type: 'tuned', tuning: found, left });
      return stepChoiceOf(found, steps, choiceOf);
    },
  };
}

/** Returns false where the signal stopped it. */
async function train(
  trainer: Trainer,
  { checkpoints, toleratesDivergence }: RunRequest,
  { onEvent, signal }: Pick<RunSurroundings, 'onEvent' | 'signal'>,
  onFirstStep: () => void,
): Promise<boolean> {
  const { replicas } = trainer.settings;
  let kept: number | undefined;
  const keep = (state: Checkpoint) => {
    kept = state.step;
    if (!toleratesDivergence) requireFiniteState(state.arenas, replicas, state.step);
    onEvent({ type: 'checkpoint', step: state.step, file: writeCheckpoint(state) });
  };
  const finished = await trainer.train({
    signal,
    onFirstStep,
    onReport: (report) => onEvent({ type: 'report', report }),
    onValidation(report) {
      if (!toleratesDivergence) requireFiniteScores(report.validation, 'validation', replicas, report.step);
      onEvent({ type: 'validation', report });
    },
    ...(toleratesDivergence && { onNonFinite: (event) => onEvent({ type: 'diverged', ...event }) }),
    ...(checkpoints && { onCheckpoint: keep }),
  });
  // A run that had no step left may be stopped before it is scored, too.
  const isDue = !finished || trainer.step > 0;
  if (checkpoints && isDue && kept !== trainer.step) keep(await trainer.checkpoint());
  return finished;
}

/** What a run came to: scored where it is trained and no signal came before the end of that. */
async function results(
  trainer: Trainer,
  request: RunRequest,
  trained: boolean,
  signal: AbortSignal,
): Promise<RunResult> {
  const gradients = request.gradients ? (await trainer.gradients()).map(fileOf) : null;
  const { steps, busyMs } = trainer.pace;
  const scored = trained ? await unlessStopped(signal, () => outcomes(trainer, request, signal)) : undefined;
  const [own, ...also] = scored ?? [await outcomeOf(trainer, request, false)];
  const msPerStep = steps === 0 ? null : busyMs / steps;
  const finished = scored !== undefined;
  return { ...own, finished, step: trainer.step, msPerStep, also, gradients };
}

/** Scores a trained population, with the settings' batch-norm statistics and with those that are wanted beside them. */
async function outcomes(
  trainer: Trainer,
  request: RunRequest,
  signal: AbortSignal,
): Promise<readonly [Outcome, ...Outcome[]]> {
  const outcomeWith = async (statistics: BatchStatisticsSpec | null | undefined) => {
    signal.throwIfAborted();
    if (statistics) await trainer.replaceStatistics(statistics);
    return outcomeOf(trainer, request, true, signal);
  };
  const own = await outcomeWith(trainer.settings.batchStatistics);
  const also: Outcome[] = [];
  for (const spec of request.also ?? []) also.push(await outcomeWith(spec));
  return [own, ...also];
}
