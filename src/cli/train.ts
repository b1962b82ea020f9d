import { join } from 'node:path';
import { trainSettings } from '../experiments/experiments.ts';
import type { FromWorker, RunResult } from '../train/messages.ts';
import type { TrainReport } from '../train/report-window.ts';
import { startHeadlessRun } from './headless-run.ts';
import { type PageServer, startPageServer } from './page-server.ts';
import { makeProgress, type Progress } from './progress.ts';
import { projectRoot, resolvePath } from './project-root.ts';
import { findCheckpoint, RunDirectory } from './run-directory.ts';
import { interrupted, stopOnSignals } from './stop-on-signals.ts';
import { parseTrainOptions, type TrainOptions } from './train-options.ts';
import { addToTuningFile, readTuningFile } from './tuning-file.ts';

type Ready = Extract<FromWorker, { type: 'ready' }>;

/** Steps that one line of metrics.jsonl covers. */
const reportSteps = 50;

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
  const checkpoint = resumed === undefined ? undefined : findCheckpoint(resumed).file;
  const server = await startPageServer({
    dataDir: options.dataDir === undefined ? undefined : resolvePath(options.dataDir),
    log: progress.log,
  });
  try {
    const out =
      options.out === undefined ? (resumed ?? defaultOut(options, startedAt)) : resolvePath(options.out);
    const directory = new RunDirectory(out);
    return await trainInChrome(options, server, directory, checkpoint, progress, startedAt);
  } finally {
    progress.stop();
    await server.close();
  }
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
  let ready: Ready | undefined;
  let adapter: Extract<FromWorker, { type: 'adapter' }> | undefined;
  const onMessage = (message: FromWorker) => {
    if (message.type === 'adapter') {
      adapter = message;
      progress.log(`adapter: ${message.name}`);
    } else if (message.type === 'tuning') {
      if (message.done === 0)
        progress.log(
          `tuning: measuring the variants of ${message.total} ops, up to ${tuningBudgetMs / 1000} s, once`,
        );
    } else if (message.type === 'tuned') {
      return addToTuningFile(message.tuning);
    } else if (message.type === 'ready') {
      ready = message;
      directory.beginMetrics(message.step);
      describe(message, server, progress);
    } else if (message.type === 'report') {
      directory.addMetrics({ type: 'train', ...message.report });
      progress.update(message.report.step, ready!.settings.steps, status(message.report));
    } else if (message.type === 'validation') {
      directory.addMetrics({ type: 'validation', ...message.report });
    } else if (message.type === 'checkpoint') {
      directory.writeCheckpoint(message.file);
    }
  };
  const run = await startHeadlessRun(
    server,
    {
      type: 'start',
      dataUrl: server.dataUrl,
      settings: trainSettings(options.settings, { seeds, steps, shuffle, reportSteps }),
      ...(init && { weights: init }),
      ...(checkpoint && { checkpoint }),
      ...(options.tune && { tuning: { budgetMs: tuningBudgetMs, known: readTuningFile() } }),
      variants,
      checkpoints: true,
    },
    onMessage,
    progress.log,
  );
  const stop = stopOnSignals(() => run.stop(), progress.log);
  try {
    const { result } = await run.finished;
    progress.stop();
    writeResult(directory, options, server, run.browser, adapter!, ready!, result, startedAt);
    if (!result.finished) {
      console.log(
        `stopped at step ${result.step} of ${ready!.settings.steps}; go on with: npm run train -- --resume ${directory.path}`,
      );
      return interrupted;
    }
    printResult(ready!, result, directory);
    return 0;
  } finally {
    stop.forget();
    await run.close();
  }
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
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const status = ({ epoch, loss, accuracy, msPerStep }: TrainReport): string =>
  `epoch ${epoch.toFixed(1)} | loss ${mean(loss).toFixed(4)} | accuracy ${mean(accuracy).toFixed(4)} | ${msPerStep.toFixed(2)} ms per step`;

function writeResult(
  directory: RunDirectory,
  options: TrainOptions,
  server: PageServer,
  browser: string,
  { adapter, name }: Extract<FromWorker, { type: 'adapter' }>,
  { settings, dispatchesPerStep, variants, stepsPerEpoch, modelBytes }: Ready,
  result: RunResult,
  startedAt: Date,
): void {
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
    samplesPerSecond: msPerStep === 0 ? null : (1000 / msPerStep) * settings.batchSize * replicas,
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
  console.log(`${msPerStep.toFixed(2)} ms per step, ${dispatchesPerStep} dispatches per step`);
  console.log(`results in ${directory.path}`);
}
