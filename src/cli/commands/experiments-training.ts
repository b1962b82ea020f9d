import type { ExperimentResult, SeedResult } from '../../experiments/results.ts';
import { mean } from '../../experiments/statistics.ts';
import type { Planned, Training } from '../../experiments/trainings.ts';
import { tunedNotes } from '../../experiments/tuned-notes.ts';
import type { Host } from '../../hosts/host.ts';
import type { Score } from '../../train/evaluation.ts';
import type { FromWorker, Outcome } from '../../train/messages.ts';
import { runStart } from '../../train/messages.ts';
import { viewScoresOf } from '../../train/view-scores.ts';
import type { ExperimentFolders } from '../folders/experiment-folders.ts';
import { type FolderRun, type FolderRunCallbacks, trainInFolder } from '../folders/folder-run.ts';
import { type Provenance, provenance } from '../folders/provenance.ts';
import type { RunDirectory } from '../folders/run-directory.ts';
import { readSessions } from '../folders/sessions.ts';
import { makeProgress } from '../progress.ts';

type Ready = Extract<FromWorker, { type: 'ready' }>;
type AdapterMessage = Extract<FromWorker, { type: 'adapter' }>;

/**
 * Trains, from the last checkpoint where there is one, and keeps the results of all experiments that the training is for.
 */
export async function runTraining(
  training: Training,
  host: Host,
  directory: ExperimentFolders,
  callbacks: Partial<FolderRunCallbacks<unknown>> = {},
): Promise<FolderRun> {
  const { name, members } = training;
  const progress = makeProgress(members.map(({ experiment }) => experiment.name).join(', '));
  const startedAt = new Date();
  const checkpoint = directory.checkpoint(training);
  const folder = directory.folder(name);
  const own = members[0]!;
  const request = {
    from: runStart(own.settings, checkpoint),
    also: otherStatistics(members),
    confusion: true,
    toleratesDivergence: true,
  };
  const sessions = checkpoint === undefined ? [] : readSessions(folder.path).sessions;
  const before = { experiment: name, sessions, startedAt };

  try {
    return await trainInFolder(
      host,
      folder,
      { request, before },
      {
        log: progress.log,
        ...callbacks,
        onReady(message, by) {
          describe(message, by, progress.log);
          progress.begin(message.step);
          callbacks.onReady?.(message, by);
        },
        onReport: ({ report: { step, epoch, loss, msPerStep } }, { settings }) =>
          progress.update(
            step,
            settings.steps,
            `epoch ${epoch.toFixed(1)} | loss ${mean(loss).toFixed(4)} | ${msPerStep.toFixed(2)} ms per step`,
          ),
        keep(run) {
          if (run.result.finished) keepResults(training, run, host.dataSource, folder, directory);
          return run;
        },
      },
    );
  } finally {
    progress.stop();
  }
}

/** Writes what a finished training came to, for each experiment that it is of. */
function keepResults(
  { name, members }: Training,
  { result, ready, adapter, browser, duration }: FolderRun,
  dataSource: string,
  folder: RunDirectory,
  directory: ExperimentFolders,
): void {
  const own = members[0]!;
  const specs = otherStatistics(members);
  for (const member of members) {
    const spec = member.settings.batchStatistics;
    const isOwn = spec == null || member === own;
    const outcome = isOwn ? result : result.also[specs.indexOf(spec)]!;
    const about = resultOf(member, name, outcome, folder.divergedSteps(), ready, adapter, result.msPerStep);
    const finishedAt = new Date().toISOString();
    const origin = { browser, dataSource, ...provenance(), ...duration, finishedAt };
    directory.write({ ...about, ...origin }, outcome.weights, folder);
  }
}

/** Those of a training's experiments but the first, which are scored with what it trained. */
const otherStatistics = (members: readonly Planned[]) =>
  members.slice(1).flatMap(({ settings }) => settings.batchStatistics ?? []);

function describe(ready: Ready, { name }: AdapterMessage, log: (line: string) => void): void {
  const { settings, step, dispatchesPerStep, modelBytes, otherAdapter } = ready;
  const { replicas, steps } = settings;
  log(
    `${name}; ${steps} steps, ${dispatchesPerStep} dispatches each for ${replicas.length} ${replicas.length === 1 ? 'seed' : 'seeds'}, ` +
      `${(modelBytes / replicas.length / 1e6).toFixed(1)} MB per seed`,
  );
  if (step > 0) log(`goes on at step ${step}`);
  if (otherAdapter !== undefined) {
    log(
      `warning: the training began on another adapter (${otherAdapter}): its bits will differ from an uninterrupted one`,
    );
  }
}

const areFinite = (...scores: readonly (Score | undefined)[]): boolean =>
  scores.every((score) => score === undefined || Number.isFinite(score.loss));

/** All but dates and places. */
function resultOf(
  { experiment: { name, what, reported }, tuned, settings }: Planned,
  trainedAs: string,
  { validation, test, confusion, overViews }: Outcome,
  diverged: ReadonlyMap<number, number>,
  ready: Ready,
  { adapter, name: adapterName }: AdapterMessage,
  msPerStep: number | null,
): Omit<ExperimentResult, 'browser' | 'dataSource' | keyof Provenance | 'startedAt' | 'finishedAt'> {
  const { step, stepsPerEpoch, dispatchesPerStep, modelBytes, variants } = ready;
  return {
    name,
    what,
    reported,
    tuned: tuned === null ? null : { origin: 'search', note: tunedNotes[name]! },
    trainedAs,
    settings,
    perSeed: settings.replicas.map(
      ({ seed }, r): SeedResult => ({
        seed,
        validationAccuracy: validation?.[r]?.accuracy ?? null,
        validationLoss: validation?.[r]?.loss ?? null,
        testAccuracy: test![r]!.accuracy,
        testLoss: test![r]!.loss,
        ...viewScoresOf({ overViews }, r),
        confusion: confusion![r]!,
        // The last update, and statistics that replace the running ones, may overflow although no training loss did.
        divergedAtStep: diverged.get(r) ?? (areFinite(validation?.[r], test![r]) ? null : settings.steps),
      }),
    ),
    steps: settings.steps,
    stepsPerEpoch,
    adapter: { name: adapterName, ...adapter },
    resumedAtStep: step,
    msPerStep,
    dispatchesPerStep,
    modelBytes,
    modelBytesPerSeed: modelBytes / settings.replicas.length,
    variants,
  };
}
