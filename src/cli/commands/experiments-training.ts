import type { ExperimentResult, SeedResult } from '../../experiments/results.ts';
import { mean } from '../../experiments/statistics.ts';
import type { Planned, Training } from '../../experiments/trainings.ts';
import type { PageServer } from '../../hosts/chrome/page-server.ts';
import type { FromWorker, Outcome } from '../../train/messages.ts';
import type { ExperimentsDirectory } from '../folders/experiments-directory.ts';
import { trainInFolder } from '../folders/folder-run.ts';
import { makeProgress } from '../progress.ts';

type Ready = Extract<FromWorker, { type: 'ready' }>;
type AdapterMessage = Extract<FromWorker, { type: 'adapter' }>;

/**
 * Trains, from the last checkpoint where there is one, and keeps the results of all experiments that the training is for.
 * Returns its last step, and whether Ctrl-C asked to stop.
 */
export async function runTraining(
  training: Training,
  server: PageServer,
  directory: ExperimentsDirectory,
): Promise<{ readonly step: number; readonly stopAsked: boolean }> {
  const { name, members } = training;
  const progress = makeProgress(members.map(({ experiment }) => experiment.name).join(', '));
  const startedAt = new Date();
  const checkpoint = directory.checkpoint(training);
  const folder = directory.folder(name);
  const own = members[0]!;
  const specs = members.slice(1).flatMap(({ settings }) => settings.batchStatistics ?? []);
  const start = {
    settings: own.settings,
    ...(checkpoint && { checkpoint }),
    also: specs,
    confusion: true,
    toleratesDivergence: true,
  };

  try {
    const run = await trainInFolder(server, folder, start, progress, {
      onReady: (message, by) => describe(message, by, progress.log),
      onReport: ({ report: { step, epoch, loss, msPerStep } }, { settings }) =>
        progress.update(
          step,
          settings.steps,
          `epoch ${epoch.toFixed(1)} | loss ${mean(loss).toFixed(4)} | ${msPerStep.toFixed(2)} ms per step`,
        ),
    });
    const { result, ready, adapter, browser, stopAsked } = run;
    if (!result.finished) return { step: result.step, stopAsked };
    for (const member of members) {
      const spec = member.settings.batchStatistics;
      const isOwn = spec == null || member === own;
      const outcome = isOwn ? result : result.also[specs.indexOf(spec)]!;
      const diverged = folder.divergedSteps();
      const about = resultOf(member, name, outcome, diverged, ready, adapter, result.msPerStep);
      const { dataSource } = server;
      const dates = { startedAt: startedAt.toISOString(), finishedAt: new Date().toISOString() };
      directory.write({ ...about, browser, dataSource, ...dates }, outcome.weights, folder);
    }
    return { step: result.step, stopAsked };
  } finally {
    progress.stop();
  }
}

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

/** All but dates and places. */
function resultOf(
  { experiment: { name, what, reported }, tuned, settings }: Planned,
  trainedAs: string,
  { validation, test, confusion }: Outcome,
  diverged: ReadonlyMap<number, number>,
  ready: Ready,
  { adapter, name: adapterName }: AdapterMessage,
  msPerStep: number | null,
): Omit<ExperimentResult, 'browser' | 'dataSource' | 'startedAt' | 'finishedAt'> {
  const { step, stepsPerEpoch, dispatchesPerStep, modelBytes, variants } = ready;
  return {
    name,
    what,
    reported,
    tuned: tuned === null ? null : { origin: tuned.origin, note: tuned.note },
    trainedAs,
    settings,
    perSeed: settings.replicas.map(
      ({ seed }, r): SeedResult => ({
        seed,
        validationAccuracy: validation?.[r]?.accuracy ?? null,
        validationLoss: validation?.[r]?.loss ?? null,
        testAccuracy: test![r]!.accuracy,
        testLoss: test![r]!.loss,
        confusion: confusion![r]!,
        divergedAtStep: diverged.get(r) ?? null,
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
