import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { datasetOf } from '../../data/datasets/index.ts';
import { FileWriteError } from '../../data/files/file-write-error.ts';
import { splitImages } from '../../data/record-set.ts';
import { overViewsWords } from '../../data/test-views.ts';
import { trainSettings } from '../../experiments/experiments.ts';
import { mean } from '../../experiments/statistics.ts';
import type { Host } from '../../hosts/host.ts';
import { openHost } from '../../hosts/open-host.ts';
import { resolvePath, runsFolder } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { netWords } from '../../nn/net.ts';
import { readCheckpoint } from '../../train/checkpoint.ts';
import type { FromWorker, RunResult } from '../../train/messages.ts';
import type { TrainReport } from '../../train/report-window.ts';
import { viewScoresOf } from '../../train/view-scores.ts';
import { commandLine } from '../command-line.ts';
import { checkpointFile, findCheckpoint } from '../folders/checkpoint-file.ts';
import { claimNewFolder } from '../folders/folder-lock.ts';
import { type FolderRun, trainInFolder } from '../folders/folder-run.ts';
import { refuseFinished, refuseOccupied } from '../folders/occupied.ts';
import { RunDirectory, summaryFile } from '../folders/run-directory.ts';
import { readSessions, type SessionStart } from '../folders/sessions.ts';
import { timedName } from '../folders/timed-name.ts';
import { addToTuningFile, readTuningFile } from '../folders/tuning-file.ts';
import { hostFlags } from '../options/host-options.ts';
import { withoutCalls } from '../options/net-options.ts';
import { parseTrainOptions, type TrainOptions } from '../options/train-options.ts';
import { signals } from '../process/signals.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { predictImages } from './predict.ts';

type Ready = Extract<FromWorker, { type: 'ready' }>;

/** Time for measuring kernel variants that were not measured before, ms. */
const tuningBudgetMs = 8000;

/** `npm run train`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseTrainOptions(args);
  if (options === undefined) return 0;
  if (options.predict !== undefined) return predictImages(options, options.predict);
  const startedAt = new Date();
  const progress = makeProgress('training');
  const resumed = options.resume === undefined ? undefined : resolvePath(options.resume);
  // Says that there is nothing, before a folder is made for it.
  if (resumed !== undefined && !existsSync(resumed)) findCheckpoint(resumed);
  const directory = openFolder(options, resumed, startedAt);
  // Read when nobody else writes to the folder any more, and before anything is written or downloaded.
  const checkpoint = resumed === undefined ? undefined : findCheckpoint(resumed);
  if (checkpoint !== undefined && isSame(resumed!, directory.path)) {
    const { steps } = readCheckpoint(checkpoint).settings;
    if (directory.finishedSteps() === steps) {
      console.log(`finished before, with all of its ${steps} steps: results in ${directory.path}`);
      return 0;
    }
  }
  const host = await openHost({
    dataset: datasetOf(checkpoint === undefined ? options.settings : readCheckpoint(checkpoint).settings),
    dataDir: options.dataDir === undefined ? undefined : resolvePath(options.dataDir),
    log: progress.log,
    ...options.host,
  });
  try {
    const before =
      resumed === undefined ? { experiment: options.experiment.name, sessions: [] } : readSessions(resumed);
    if (resumed !== undefined && !isSame(resumed, directory.path)) directory.takeMetricsOf(resumed);
    const from = { checkpoint, before: { ...before, startedAt } };
    return await trainOn(options, host, directory, from, progress);
  } catch (error) {
    throw error instanceof FileWriteError ? withRemedy(error, goOn(options, directory)) : error;
  } finally {
    progress.stop();
    await host.close();
  }
}

/** A run that stopped: its folder, and the command that goes on with it, on the same host. */
interface Continuation {
  readonly path: string;
  readonly command: string;
}

const goOn = ({ host }: TrainOptions, { path }: RunDirectory): Continuation => ({
  path,
  command: commandLine('train', ['--resume', path, ...hostFlags(host)]),
});

/** What is kept where a file could not be written, and how to go on from it. */
function withRemedy({ message }: FileWriteError, { path, command }: Continuation): UserError {
  if (!existsSync(join(path, checkpointFile)))
    return new UserError(`${message}; name another folder by --out`);
  return new UserError(`${message}; the last checkpoint is kept: make room, then ${command}`);
}

/**
 * The folder of this run, which no other process and no other run has.
 * @throws UserError where one has
 */
function openFolder(
  { out: named, experiment }: TrainOptions,
  resumed: string | undefined,
  startedAt: Date,
): RunDirectory {
  const out = named === undefined ? resumed : resolvePath(named);
  if (out === undefined) {
    return new RunDirectory(claimNewFolder(join(runsFolder(), timedName(experiment.name, startedAt))));
  }
  const directory = new RunDirectory(out);
  if (resumed !== undefined && isSame(resumed, out)) refuseFinished(out);
  else refuseOccupied(out, resumed !== undefined);
  return directory;
}

const isSame = (a: string, b: string): boolean => realpathSync(a) === realpathSync(b);

async function trainOn(
  options: TrainOptions,
  host: Host,
  directory: RunDirectory,
  { checkpoint, before }: { checkpoint: Uint8Array<ArrayBuffer> | undefined; before: SessionStart },
  progress: Progress,
): Promise<number> {
  const { seeds, steps, shuffle, init, variants } = options;
  return trainInFolder(
    host,
    directory,
    {
      request: {
        from:
          checkpoint === undefined
            ? {
                ...(init === undefined ? { kind: 'new' } : { kind: 'weights', file: init }),
                settings: trainSettings(options.settings, { seeds, steps, shuffle }),
                ...(options.tune && {
                  tuning: { budgetMs: tuningBudgetMs, known: readTuningFile(progress.log) },
                }),
              }
            : { kind: 'checkpoint', file: checkpoint },
        variants,
      },
      before,
    },
    {
      log: progress.log,
      onTuning(message) {
        if (message.type === 'tuned') {
          const line = tunedLine(message.left);
          if (line !== undefined) progress.log(line);
          return addToTuningFile({ [message.tuning.key]: message.tuning.ops }, progress.log);
        }
        const { done, total } = message;
        if (done === 0)
          progress.log(`tuning: measuring the variants of ${total} ops, up to ${tuningBudgetMs / 1000} s`);
      },
      onReady(ready, { name }) {
        progress.log(`adapter: ${name}`);
        describe(ready, host, progress);
        withoutCalls(variants, ready.ops).forEach(progress.log);
        progress.begin(ready.step);
      },
      onReport: ({ report }, { settings }) => progress.update(report.step, settings.steps, status(report)),
      keep(run) {
        progress.stop();
        writeResult(directory, host, run);
        return printOutcome(run, directory, goOn(options, directory));
      },
    },
  );
}

/** Returns the exit status. */
function printOutcome(
  { result, ready }: FolderRun,
  directory: RunDirectory,
  { command }: Continuation,
): number {
  if (result.finished) {
    printResult(ready, result, directory);
    return 0;
  }
  console.log(`stopped at step ${result.step} of ${ready.settings.steps}; go on with: ${command}`);
  return signals.status;
}

function describe(ready: Ready, host: Host, { log }: Progress): void {
  const {
    settings,
    step,
    stepsPerEpoch,
    dispatchesPerStep,
    modelBytes,
    datasetBytes,
    kernels,
    otherAdapter,
  } = ready;
  const { net, replicas, optimizer, batchSize } = settings;
  const set = datasetOf(settings);
  log(
    `data: ${set.title} from ${host.dataSource}, ${splitImages(set, 'train') - settings.valSize} training images, ${settings.valSize} for validation`,
  );
  log(
    `net: ${netWords(net)}, ${optimizer.kind}, batch ${batchSize}, seeds ${replicas.map(({ seed }) => seed).join(', ')}`,
  );
  log(
    `plan: ${settings.steps} steps (${stepsPerEpoch} per epoch), ${dispatchesPerStep} dispatches per step, ` +
      `${megabytes(modelBytes)} for ${replicas.length} ${replicas.length === 1 ? 'replica' : 'replicas'} and ${megabytes(datasetBytes)} for the images`,
  );
  if (settings.batchStatistics) {
    const { kind, samples } = settings.batchStatistics;
    log(
      `after training: ${kind} batch-norm statistics, of ${samples} ${kind === 'precise' ? 'training' : 'test'} images`,
    );
  }
  if (kernels === 'brief') log('kernels: short ones, which compile soonest, since the run is brief');
  if (step > 0) log(`resumed at step ${step}`);
  if (otherAdapter !== undefined) {
    log(
      `warning: the run began on another adapter (${otherAdapter}): its bits will differ from an uninterrupted run`,
    );
  }
}

/** What the measurements came to: where their time was too short, the next run goes on. */
function tunedLine({ ops, of }: { readonly ops: number; readonly of: number }): string | undefined {
  if (of === 0) return undefined;
  if (ops === 0) return `tuning: all ${of} measured, kept for this adapter`;
  return `tuning: ${of - ops} of ${of} measured, the others train with the defaults; the next run of this net goes on with them`;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const status = ({ epoch, loss, accuracy, msPerStep }: TrainReport): string =>
  `epoch ${epoch.toFixed(1)} | loss ${mean(loss).toFixed(4)} | accuracy ${mean(accuracy).toFixed(4)} | ${msPerStep.toFixed(2)} ms per step`;

function writeResult(
  directory: RunDirectory,
  host: Host,
  { result, ready, adapter: { adapter, name }, browser, experiment, duration, phases }: FolderRun,
): void {
  const { settings, dispatchesPerStep, variants, stepsPerEpoch, modelBytes } = ready;
  const { msPerStep, weights } = result;
  const replicas = settings.replicas.length;
  for (const [index, { seed }] of settings.replicas.entries()) {
    directory.write(replicas === 1 ? 'weights.safetensors' : `weights.${seed}.safetensors`, weights[index]!);
  }
  const summary = {
    experiment,
    settings,
    seeds: settings.replicas.map(({ seed }) => seed),
    adapter: { name, ...adapter },
    browser,
    dataSource: host.dataSource,
    ...duration,
    finished: result.finished,
    steps: result.step,
    stepsPerEpoch,
    ...(settings.testViews && { testViews: settings.testViews }),
    perSeed: settings.replicas.map(({ seed, lambda }, index) => ({
      seed,
      lambda,
      validationAccuracy: result.validation?.[index]?.accuracy ?? null,
      validationLoss: result.validation?.[index]?.loss ?? null,
      testAccuracy: result.test?.[index]?.accuracy ?? null,
      testLoss: result.test?.[index]?.loss ?? null,
      ...viewScoresOf(result, index),
    })),
    msPerStep,
    samplesPerSecond: msPerStep === null ? null : (1000 / msPerStep) * settings.batchSize * replicas,
    dispatchesPerStep,
    modelBytes,
    variants,
    phases,
  };
  directory.write(summaryFile, `${JSON.stringify(summary, null, 2)}\n`);
}

function printResult(
  { settings, dispatchesPerStep }: Ready,
  result: RunResult,
  directory: RunDirectory,
): void {
  const { validation, test, overViews, msPerStep } = result;
  const views = overViewsWords(settings.testViews);
  const columns = (score: { accuracy: number; loss: number } | undefined) =>
    score === undefined ? '' : `${score.accuracy.toFixed(4)} (loss ${score.loss.toFixed(4)})`;
  for (const [index, { seed }] of settings.replicas.entries()) {
    const parts = [`seed ${seed}`];
    if (validation !== null) parts.push(`validation accuracy ${columns(validation[index])}`);
    parts.push(`test accuracy ${columns(test?.[index])}`);
    if (overViews?.test) parts.push(`${views} ${columns(overViews.test[index])}`);
    console.log(parts.join('   '));
  }
  if (settings.replicas.length > 1 && test !== null) {
    const averageOf = (scores: readonly { accuracy: number }[]) =>
      mean(scores.map(({ accuracy }) => accuracy)).toFixed(4);
    const averaged = overViews?.test ? `   ${views} ${averageOf(overViews.test)}` : '';
    console.log(`mean      test accuracy ${averageOf(test)}${averaged}`);
  }
  if (msPerStep !== null)
    console.log(`${msPerStep.toFixed(2)} ms per step, ${dispatchesPerStep} dispatches per step`);
  console.log(`results in ${directory.path}`);
}
