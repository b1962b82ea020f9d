import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { datasetOf } from '../../data/datasets/index.ts';
import { trialsOf } from '../../experiments/search-ranking.ts';
import { openHost } from '../../hosts/open-host.ts';
import { runsFolder } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { withReplicas, writeCheckpoint } from '../../train/checkpoint.ts';
import { runStart } from '../../train/messages.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { checkpointFile, readCheckpointFile } from '../folders/checkpoint-file.ts';
import { type FolderRun, trainInFolder } from '../folders/folder-run.ts';
import { RunDirectory } from '../folders/run-directory.ts';
import { requireSameSettings } from '../folders/same-settings.ts';
import { readSessions } from '../folders/sessions.ts';
import type { TrialOptions } from '../options/trial-options.ts';
import { signals } from '../process/signals.ts';
import { makeProgress } from '../progress.ts';
import { valuesOf } from './trial-lines.ts';
import { TrialOutput } from './trial-output.ts';

const resultFile = 'result.json';

/** All seeds of the trial are lost: the steps that are left would not change that. */
class Diverged extends Error {}

/** Trains what was given as JSON. Returns the exit status. */
export async function trainParams({
  request,
  out,
  dataDir,
  host: where,
}: Extract<TrialOptions, { action: 'params' }>): Promise<number> {
  const { id, settings, checkpoint: from } = request;
  const startedAt = new Date();
  const path = out ?? join(runsFolder(), `trial-${id}`);
  const folder = new RunDirectory(path);
  // Read when nobody else writes to the folder any more.
  refuseOccupied(path, from);
  const checkpoint = from === undefined ? undefined : checkpointFor(from, settings);
  const own = join(path, checkpointFile);
  const progress = makeProgress(`trial ${id}`);
  const output = new TrialOutput(id, settings);
  const training = {
    from: runStart(settings, checkpoint),
    withoutTest: true,
    toleratesDivergence: true,
  };
  const sessions = from === undefined ? [] : readSessions(dirname(from)).sessions;
  const before = { experiment: id, sessions, startedAt };
  const lost = new Map<number, number>();
  try {
    return await output.orFailed(
      async () => {
        const dataset = datasetOf(settings);
        const host = await openHost({ dataset, dataDir, log: progress.log, ...where });
        try {
          return await trainInFolder(
            host,
            folder,
            { request: training, before },
            {
              ...output.callbacks,
              log: progress.log,
              onReady(message, by) {
                output.callbacks.onReady(message, by);
                progress.begin(message.step);
              },
              onReport(message, ready) {
                output.callbacks.onReport(message, ready);
                const { step, msPerStep } = message.report;
                progress.update(step, settings.steps, `${msPerStep.toFixed(2)} ms per step`);
              },
              onDiverged({ replica, step }) {
                lost.set(replica, step);
                if (lost.size === settings.replicas.length) throw new Diverged(divergence(settings, lost));
              },
              keep: (run) => keepResult(settings, run, folder, output),
            },
          );
        } finally {
          progress.stop();
          await host.close();
        }
      },
      () => (existsSync(own) ? own : (from ?? null)),
    );
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    console.error(`trial: ${error.message}`);
    return 1;
  }
}

/** Prints and keeps what a trial came to. Returns the exit status. */
function keepResult(
  settings: TrainSettings,
  run: FolderRun,
  folder: RunDirectory,
  output: TrialOutput,
): number {
  const { result, browser } = run;
  const checkpoint = join(folder.path, checkpointFile);
  if (!result.finished) {
    output.pruned(run, checkpoint);
    return signals.status;
  }
  const diverged = folder.divergedSteps();
  const values = valuesOf(settings, trialsOf(settings.replicas, result.validation!, diverged));
  const isComplete = values?.validationAccuracy !== null;
  const line = output.result({
    status: isComplete ? 'complete' : 'failed',
    error: isComplete ? null : divergence(settings, diverged),
    step: result.step,
    values,
    browser,
    checkpoint,
  });
  folder.write(resultFile, `${JSON.stringify(line, null, 1)}\n`);
  return isComplete ? 0 : 1;
}

function divergence({ replicas }: TrainSettings, lost: ReadonlyMap<number, number>): string {
  const [[replica, step] = [0, null]] = lost;
  const where = step === null ? 'on the validation split' : `at step ${step}`;
  return `the loss of seed ${replicas[replica]!.seed} is not finite ${where}: try a lower learning rate`;
}

/**
 * The checkpoint as the file that the trial goes on from; its budget may be another one.
 * @throws UserError where it is missing or damaged, of other settings, or already beyond the budget
 */
function checkpointFor(path: string, settings: TrainSettings): Uint8Array<ArrayBuffer> {
  const { steps } = settings;
  if (!existsSync(path)) throw new UserError(`there is no checkpoint ${path}`);
  const { checkpoint } = readCheckpointFile(path, 'the trial cannot go on from it');
  requireSameSettings(
    path,
    { ...checkpoint.settings, steps },
    settings,
    'go on with the settings that it was made with, or leave "checkpoint" out to begin anew',
  );
  if (checkpoint.step > steps) {
    throw new UserError(
      `the checkpoint ${path} is at step ${checkpoint.step}, beyond the budget of ${steps}`,
    );
  }
  const all = checkpoint.settings.replicas.map((_, place) => place);
  return writeCheckpoint(withReplicas(checkpoint, all, steps));
}

/** @throws UserError where the folder holds another trial */
function refuseOccupied(path: string, from: string | undefined): void {
  const own = join(path, checkpointFile);
  if (from === own) return;
  const found = [own, join(path, resultFile)].find((file) => existsSync(file));
  if (found === undefined) return;
  throw new UserError(
    `${path} holds a trial: go on with it by "checkpoint": "${own}", name another folder with --out, or another id`,
  );
}
