import { datasetOf } from '../../data/datasets/index.ts';
import { trainSettings } from '../../experiments/experiments.ts';
import type { Host } from '../../hosts/host.ts';
import { openHost } from '../../hosts/open-host.ts';
import { netWords } from '../../nn/net.ts';
import { gradientCheckInTurns } from '../../reference/gradient-check.ts';
import { gradientLines } from '../../reference/gradient-report.ts';
import type { FromWorker, RunResult } from '../../train/messages.ts';
import { readSafetensors, writeSafetensors } from '../../train/safetensors.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { type GradcheckOptions, parseGradcheckOptions } from '../options/gradcheck-options.ts';
import { withoutCalls } from '../options/net-options.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { drawCase, firstBatch } from './gradcheck-case.ts';
import { conclusion, listing } from './gradcheck-listing.ts';

/** `npm run gradcheck`. Returns the exit status: 1 where a gradient is wrong. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseGradcheckOptions(args);
  if (options === undefined) return 0;
  const progress = makeProgress('checking', 2000);
  const host = await openHost({
    dataset: datasetOf(options.settings),
    dataDir: options.dataDir,
    log: progress.log,
    ...options.host,
  });
  try {
    return await check(options, host, progress);
  } finally {
    progress.stop();
    await host.close();
  }
}

async function check(options: GradcheckOptions, host: Host, progress: Progress): Promise<number> {
  const { seed, entries, variants, json } = options;
  const settings = trainSettings(options.settings, {
    seeds: [seed],
    steps: 1,
    shuffle: true,
    reportSteps: 1,
  });
  const net = describe(settings);
  const { title } = datasetOf(settings);
  progress.log(`data: ${title} from ${host.dataSource}, the first ${settings.batchSize} images of epoch 0`);
  progress.log(`net: ${net}`);
  const batch = await firstBatch(host.data, settings);
  const { gradientCase, weights, bounds } = drawCase(settings, batch);
  const file = writeSafetensors({ tensors: weights, metadata: {} });
  const onGpu = await firstStep(host, settings, file, variants, progress);
  const gpu = Object.fromEntries(onGpu.gradients.map(({ name, data }) => [name, data]));
  let tensors = 0;
  const rows = await inTurns(
    gradientCheckInTurns({
      ...gradientCase,
      samplesPerTensor: entries,
      seed,
      onTensor: (name) => progress.update(tensors++, weights.length, `central differences of ${name}`),
    }),
  );
  const lines = gradientLines(gradientCase, rows, gpu, bounds);
  progress.update(weights.length, weights.length, 'done');
  progress.stop();

  const passed = lines.every(({ verdict }) => verdict === 'ok');
  if (json) {
    const { adapter, browser, variants: used } = onGpu;
    const { dataSource } = host;
    const { batchSize } = settings;
    const { lambda, labelSmoothing } = gradientCase;
    const about = {
      net: settings.net,
      lambda,
      labelSmoothing,
      batchSize,
      seed,
      adapter,
      browser,
      dataSource,
    };
    console.log(JSON.stringify({ passed, ...about, variants: used, lines }, null, 1));
  } else {
    console.log(`gradients of ${net}, seed ${seed}; ${onGpu.adapter}\n`);
    console.log(listing(lines));
    console.log(`\n${conclusion(lines)}`);
  }
  return passed ? 0 : 1;
}

/** Lets a signal in between the turns of long work. */
async function inTurns<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
  }
}

/** What a step on the GPU gives. */
async function firstStep(
  host: Host,
  settings: TrainSettings,
  weights: Uint8Array<ArrayBuffer>,
  variants: Readonly<Record<string, string>>,
  progress: Progress,
) {
  let adapter = '';
  let used: Readonly<Record<string, string>> = {};
  const onMessage = (message: FromWorker) => {
    if (message.type === 'adapter') {
      adapter = message.name;
      progress.log(`adapter: ${adapter}`);
    } else if (message.type === 'ready') {
      used = message.variants;
      withoutCalls(variants, message.ops).forEach(progress.log);
    }
  };
  const run = await host.start(
    {
      from: { kind: 'weights', settings, file: weights },
      variants,
      checkpoints: false,
      gradients: true,
      withoutTest: true,
      // Gradients that are not finite are a finding.
      toleratesDivergence: true,
    },
    onMessage,
  );
  try {
    const { result } = await run.finished;
    return { adapter, browser: run.runner, variants: used, gradients: gradientsOf(result) };
  } finally {
    await run.close();
  }
}

function gradientsOf({ gradients }: RunResult) {
  if (gradients === null) throw new Error('the worker sent no gradients');
  return readSafetensors(gradients[0]!).tensors;
}

function describe({ net, replicas, batchSize, labelSmoothing }: TrainSettings): string {
  const smoothing = labelSmoothing ? `, label smoothing ${labelSmoothing}` : '';
  return `${netWords(net)}, lambda ${replicas[0]!.lambda}${smoothing}, batch ${batchSize}`;
}
