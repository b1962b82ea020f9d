import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { trainSettings } from '../../experiments/experiments.ts';
import { mean } from '../../experiments/statistics.ts';
import { type PageServer, startPageServer } from '../../hosts/chrome/page-server.ts';
import { projectRoot, resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import type { FromWorker, RunResult } from '../../train/messages.ts';
import type { TrainReport } from '../../train/report-window.ts';
import { type FolderRun, trainInFolder } from '../folders/folder-run.ts';
import { checkpointFile, findCheckpoint, RunDirectory } from '../folders/run-directory.ts';
import { addToTuningFile, readTuningFile } from '../folders/tuning-file.ts';
import { parseTrainOptions, type TrainOptions } from '../options/train-options.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { interrupted } from '../stop-on-signals.ts';

type Ready = Extract<FromWorker, { type: 'ready' }>;

/** Time for measuring kernel variants that were not measured before, ms. */
const tuningBudgetMs = 8000;

/** `npm run train`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseTrainOptions(args);
  if (options === undefined) return 0;
  const startedAt = new Date();
  const progress = makeProgress('training');
  // Read before anything is written or downloaded.
  const resumed = options.resume === undefined ? undefined : resolvePath(options.resume);
  const checkpoint = resumed === undefined ? undefined : findCheckpoint(resumed);
  if (resumed === undefined && options.out !== undefined) refuseOccupied(resolvePath(options.out));
  const server = await startPageServer({
    dataDir: options.dataDir === undefined ? undefined : resolvePath(options.dataDir),
    log: progress.log,
  });
  try {
    const out =
      options.out === undefined ? (resumed ?? defaultOut(options, startedAt)) : resolvePath(options.out);
    const directory = new RunDirectory(out);
    if (resumed !== undefined) directory.takeMetricsOf(resumed);
    return await trainInChrome(options, server, directory, checkpoint, progress, startedAt);
  } finally {
    progress.stop();
    await server.close();
  }
}

/** @throws UserError where the folder holds another run, of which nothing must be lost */
function refuseOccupied(out: string): void {
  if (!existsSync(join(out, checkpointFile))) return;
  throw new UserError(`--out ${out} holds another run: go on with it by --resume, or name another folder`);
}

function defaultOut({ experiment }: TrainOptions, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  return join(projectRoot, 'runs', `${experiment.name}-${time}`);
}

async function trainInChrome(
  options: TrainOptions,
  server: PageServer,
  directory: RunDirectory,
  checkpoint: Uint8Array<ArrayBuffer> | undefined,
  progress: Progress,
  startedAt: Date,
): Promise<number> {
  const { seeds, steps, shuffle, init, variants } = options;
  const run = await trainInFolder(
    server,
    directory,
    {
      settings: trainSettings(options.settings, { seeds, steps, shuffle }),
      ...(init && { weights: init }),
      ...(checkpoint && { checkpoint }),
      ...(options.tune && { tuning: { budgetMs: tuningBudgetMs, known: readTuningFile() } }),
      variants,
    },
    progress,
    {
      onTuning(message) {
        if (message.type === 'tuned') return addToTuningFile(message.tuning);
        const { done, total } = message;
        if (done === 0)
          progress.log(
            `tuning: measuring the variants of ${total} ops, up to ${tuningBudgetMs / 1000} s, once`,
          );
      },
      onReady(ready, { name }) {
        progress.log(`adapter: ${name}`);
        describe(ready, server, progress);
      },
      onReport: ({ report }, { settings }) => progress.update(report.step, settings.steps, status(report)),
    },
  );
  progress.stop();
  const { result, ready } = run;
  writeResult(directory, options, server, run, startedAt);
  if (!result.finished) {
    console.log(
      `stopped at step ${result.step} of ${ready.settings.steps}; go on with: npm run train -- --resume ${directory.path}`,
    );
    return interrupted;
  }
  printResult(ready, result, directory);
  return 0;
}

function describe(ready: Ready, server: PageServer, { log }: Progress): void {
  const { settings, step, stepsPerEpoch, dispatchesPerStep, modelBytes, datasetBytes, otherAdapter } = ready;
  const { net, replicas, optimizer, batchSize } = settings;
  log(
    `data: CIFAR-10 from ${server.dataSource}, ${50_000 - settings.valSize} training images, ${settings.valSize} for validation`,
  );
  const widths = [net.inputs, ...net.hidden, net.classes].join('-');
  const norm = net.batchNorm === null ? 'no batch norm' : `batch norm ${net.batchNorm.order}`;
  log(
    `net: ${widths}, ${norm}, ${optimizer.kind}, batch ${batchSize}, seeds ${replicas.map(({ seed }) => seed).join(', ')}`,
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
  if (step > 0) log(`resumed at step ${step}`);
  if (otherAdapter !== undefined) {
    log(
      `warning: the run began on another adapter (${otherAdapter}): its bits will differ from an uninterrupted run`,
    );
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const status = ({ epoch, loss, accuracy, msPerStep }: TrainReport): string =>
  `epoch ${epoch.toFixed(1)} | loss ${mean(loss).toFixed(4)} | accuracy ${mean(accuracy).toFixed(4)} | ${msPerStep.toFixed(2)} ms per step`;

function writeResult(
  directory: RunDirectory,
  options: TrainOptions,
  server: PageServer,
  { result, ready, adapter: { adapter, name }, browser }: FolderRun,
  startedAt: Date,
): void {
  const { settings, dispatchesPerStep, variants, stepsPerEpoch, modelBytes } = ready;
  const { msPerStep, weights } = result;
  const replicas = settings.replicas.length;
  for (const [index, { seed }] of settings.replicas.entries()) {
    directory.write(replicas === 1 ? 'weights.safetensors' : `weights.${seed}.safetensors`, weights[index]!);
  }
  const summary = {
    experiment: options.resume === undefined ? options.experiment.name : undefined,
    settings,
    seeds: settings.replicas.map(({ seed }) => seed),
    adapter: { name, ...adapter },
    browser,
    dataSource: server.dataSource,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    finished: result.finished,
    steps: result.step,
    stepsPerEpoch,
    perSeed: settings.replicas.map(({ seed, lambda }, index) => ({
      seed,
      lambda,
      validationAccuracy: result.validation?.[index]?.accuracy ?? null,
      validationLoss: result.validation?.[index]?.loss ?? null,
      testAccuracy: result.test?.[index]?.accuracy ?? null,
      testLoss: result.test?.[index]?.loss ?? null,
    })),
    msPerStep,
    samplesPerSecond: msPerStep === null ? null : (1000 / msPerStep) * settings.batchSize * replicas,
    dispatchesPerStep,
    modelBytes,
    variants,
  };
  directory.write('summary.json', `${JSON.stringify(summary, null, 2)}\n`);
}

function printResult(
  { settings, dispatchesPerStep }: Ready,
  result: RunResult,
  directory: RunDirectory,
): void {
  const { validation, test, msPerStep } = result;
  const columns = (score: { accuracy: number; loss: number } | undefined) =>
    score === undefined ? '' : `${score.accuracy.toFixed(4)} (loss ${score.loss.toFixed(4)})`;
  for (const [index, { seed }] of settings.replicas.entries()) {
    const parts = [`seed ${seed}`];
    if (validation !== null) parts.push(`validation accuracy ${columns(validation[index])}`);
    parts.push(`test accuracy ${columns(test?.[index])}`);
    console.log(parts.join('   '));
  }
  if (settings.replicas.length > 1 && test !== null) {
    console.log(`mean      test accuracy ${mean(test.map(({ accuracy }) => accuracy)).toFixed(4)}`);
  }
  if (msPerStep !== null)
    console.log(`${msPerStep.toFixed(2)} ms per step, ${dispatchesPerStep} dispatches per step`);
  console.log(`results in ${directory.path}`);
}
