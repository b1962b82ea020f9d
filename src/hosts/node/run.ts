// The engine in this process, on Dawn: a run reads the data from their files and hands on its messages by a call.
import { datasetUrl } from '../../data/datasets/index.ts';
import { prepareDataset } from '../../data/files/prepare.ts';
import { progressLines } from '../../data/files/progress-lines.ts';
import type { StreamOptions } from '../../data/load.ts';
import type { RecordSet } from '../../data/record-set.ts';
import { adapterName, requestGpu } from '../../gpu/device.ts';
import { loadSettingsDataset } from '../../train/dataset.ts';
import { isUserError } from '../../train/failure.ts';
import type { FromWorker, PredictRequest, RunRequest } from '../../train/messages.ts';
import { beginPhase } from '../../train/phases.ts';
import { runPrediction } from '../../train/prediction.ts';
import { runTraining } from '../../train/run.ts';
import { failureOf, type Host, type HostedRun, type HostOptions } from '../host.ts';
import { dawnVersion, openDawn } from './dawn.ts';
import { fileFetch } from './file-fetch.ts';

type OnMessage = Parameters<Host['start']>[1];

/**
 * This process as a host.
 * @throws DataError where no source has the data; UserError where the package webgpu or an adapter is missing
 */
export async function openNodeHost({
  adapter,
  dataset,
  dataDir,
  log,
}: Pick<HostOptions, 'adapter'> & {
  readonly dataset: RecordSet;
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
}): Promise<Host> {
  // First the adapter: it is missing more often than the data, and those may take minutes.
  const gpu = await openDawn({ adapter, log });
  const prepared = await prepareDataset({
    set: dataset,
    dataDir,
    onProgress: progressLines(log),
    onNotice: log,
  });
  const data: StreamOptions = { baseUrl: datasetUrl(dataset), fetch: fileFetch(prepared) };
  return {
    name: 'node',
    dataSource: prepared.source,
    data,
    elsewhere: undefined,
    start: async (request, onMessage) => startHere(gpu, data, request, onMessage),
    predict: (request) => predictHere(gpu, data, request),
    close: async () => {},
  };
}

/** What the engine throws, as a host tells it; what broke keeps its stack. */
const hostFailure = (error: unknown): unknown =>
  error instanceof Error && isUserError(error) ? failureOf(error.message, true) : error;

async function predictHere(dawn: GPU, data: StreamOptions, request: PredictRequest): Promise<number[][]> {
  let device: GPUDevice | undefined;
  try {
    const gpu = await requestGpu(dawn);
    device = gpu.device;
    return await runPrediction(gpu, data, request);
  } catch (error) {
    throw hostFailure(error);
  } finally {
    device?.destroy();
  }
}

function startHere(dawn: GPU, data: StreamOptions, request: RunRequest, onMessage: OnMessage): HostedRun {
  const runner = `Node/${process.versions.node} webgpu/${dawnVersion()}`;
  const stop = new AbortController();
  let device: GPUDevice | undefined;
  // One after the other, as they come; the first that fails ends the run.
  let handled = Promise.resolve();
  const post = (message: FromWorker) => {
    handled = handled.then(() => onMessage(message));
    handled.catch((error: unknown) => stop.abort(error));
  };
  const run = async () => {
    const { signal } = stop;
    const endAdapter = beginPhase('adapter', (phase) => post({ type: 'phase', ...phase }));
    const gpu = await requestGpu(dawn);
    endAdapter();
    device = gpu.device;
    post({ type: 'adapter', adapter: gpu.adapter, name: adapterName(gpu.adapter) });
    const result = await runTraining(request, {
      gpu,
      dataset: (settings) => loadSettingsDataset(gpu, settings, { ...data, signal }),
      onEvent: post,
      signal,
      runner,
    });
    await handled;
    return { type: 'done', result } as const;
  };
  const finished = run().catch(async (error: unknown) => {
    await handled; // What a message's receiver throws is the reason of all that follows.
    throw hostFailure(error);
  });
  finished.catch(() => {}); // Whoever awaits it gets it.
  return {
    runner,
    finished,
    stop: async () => stop.abort(new Error('stopped')),
    async close() {
      stop.abort(new Error('closed'));
      await finished.catch(() => {});
      device?.destroy();
    },
  };
}
