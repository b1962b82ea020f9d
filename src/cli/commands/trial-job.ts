// A job of a plan, trained by one process at a time.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { datasetOf } from '../../data/datasets/index.ts';
import type { Trial } from '../../experiments/search-ranking.ts';
import type { Host } from '../../hosts/host.ts';
import { openHost } from '../../hosts/open-host.ts';
import { checkpointFile } from '../folders/checkpoint-file.ts';
import { ExperimentFolders } from '../folders/experiment-folders.ts';
import type { FolderRun, FolderRunCallbacks } from '../folders/folder-run.ts';
import { JobsDirectory, type NumberedJob } from '../folders/jobs-directory.ts';
import { Lease } from '../folders/lease.ts';
import { LeftToOthers } from '../folders/left-to-others.ts';
import { PopulationFolders } from '../folders/population-folders.ts';
import type { TrialPlace } from '../options/trial-options.ts';
import { signals } from '../process/signals.ts';
import { makeProgress } from '../progress.ts';
import { runTraining } from './experiments-training.ts';
import { trainPopulation } from './population-training.ts';
import { valuesOf } from './trial-lines.ts';
import { TrialOutput } from './trial-output.ts';

type JobOf<K extends NumberedJob['kind']> = Extract<NumberedJob, { readonly kind: K }>;

/** How a job is trained in its folder of jobs. */
interface Work {
  /** What the training computes; a study's own outcome. */
  readonly settings: JobOf<'search'>['settings'];
  finished(): FinishedJob | undefined;
  /** Trains and keeps the result. */
  train(host: Host, callbacks: JobCallbacks): Promise<FolderRun>;
}

/** A job's result, as far as it is printed. */
interface FinishedJob {
  readonly trials: readonly Trial[];
  readonly adapter: { readonly name: string };
  readonly browser: string;
  readonly host: string;
  readonly variants: Readonly<Record<string, string>>;
}

type JobCallbacks = Omit<FolderRunCallbacks<unknown>, 'keep'>;

/** Trains a job, or goes on with it, or says what it came to. Returns the exit status. */
export async function trainJob(path: string, { dataDir, host: where }: TrialPlace): Promise<number> {
  const { directory, job } = JobsDirectory.job(path);
  const work = job.kind === 'search' ? searchWork(directory, job) : experimentsWork(directory, job);
  const progress = makeProgress(`job ${job.number}, ${job.name}`);
  const { log } = progress;
  const output = new TrialOutput(job.name, work.settings);
  const folder = join(directory.path, job.name);
  const checkpoint = join(folder, checkpointFile);
  const printFinished = (): boolean => {
    const result = work.finished();
    if (result === undefined) return false;
    log(`job ${job.number}: finished before, on ${result.host}`);
    output.finishedBefore(result, valuesOf(work.settings, result.trials));
    return true;
  };
  if (printFinished()) return 0;
  return output.orFailed(
    async () => {
      const lease = await Lease.acquire(folder, { log });
      try {
        // By the process that this one waited for.
        if (printFinished()) return 0;
        const host = await openHost({ dataset: datasetOf(work.settings), dataDir, log, ...where });
        try {
          const run = await work.train(host, {
            ...output.callbacks,
            log,
            onReady(ready, adapter) {
              requireSameAdapter(job.number, folder, ready.otherAdapter, adapter.name);
              log(`job ${job.number}: ${job.name}, ${adapter.name}, from step ${ready.step}`);
              output.callbacks.onReady(ready, adapter);
              progress.begin(ready.step);
            },
            onReport(message, ready) {
              output.callbacks.onReport(message, ready);
              const { step, msPerStep } = message.report;
              progress.update(step, ready.settings.steps, `${msPerStep.toFixed(2)} ms per step`);
            },
            beforeWriting: () => lease.check(),
          });
          const { result } = run;
          if (!result.finished) {
            output.pruned(run, checkpoint);
            return signals.status;
          }
          const values = valuesOf(work.settings, work.finished()!.trials);
          output.result({ status: 'complete', step: result.step, browser: run.browser, values });
          return 0;
        } finally {
          progress.stop();
          await host.close();
        }
      } finally {
        lease.release();
      }
    },
    () => (existsSync(checkpoint) ? checkpoint : null),
  );
}

/** A job that changed its adapter in the middle would have the bits of neither. */
function requireSameAdapter(
  number: number,
  folder: string,
  before: string | undefined,
  adapter: string,
): void {
  if (before === undefined) return;
  throw new LeftToOthers(
    `job ${number} began on ${before}, this is ${adapter}: run it where it began, or delete ${folder} to begin again`,
  );
}

function searchWork({ path }: JobsDirectory, job: JobOf<'search'>): Work {
  const folders = new PopulationFolders(path);
  const { name, settings } = job;
  return {
    settings,
    finished: () => folders.finished(name, settings),
    async train(host, callbacks) {
      const start = { name, settings, checkpoint: folders.startOf(job), firstStep: job.firstStep };
      return (await trainPopulation(start, host, folders, callbacks)).run;
    },
  };
}

function experimentsWork({ path }: JobsDirectory, { training }: JobOf<'experiments'>): Work {
  const folders = new ExperimentFolders(path);
  const own = training.members[0]!;
  return {
    settings: own.settings,
    finished() {
      const results = training.members.map((member) => folders.finished(member));
      const [first] = results;
      if (first === undefined || results.includes(undefined)) return undefined;
      return { ...first, trials: first.perSeed };
    },
    train: (host, callbacks) => runTraining(training, host, folders, callbacks),
  };
}
