// The engine in a worker: one run, its events as messages. Headless Chrome's page starts this file.
import { fetchFrom } from '../data/fetch-from.ts';
import { adapterName, requestGpu } from '../gpu/device.ts';
import { loadSettingsDataset } from './dataset.ts';
import { isUserError } from './failure.ts';
import type { FromWorker, PredictMessage, StartMessage, ToWorker } from './messages.ts';
import { beginPhase } from './phases.ts';
import { runPrediction } from './prediction.ts';
import { runTraining } from './run.ts';
import type { TrainSettings } from './settings.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const stop = new AbortController();
const post = (message: FromWorker) => scope.postMessage(message);

async function run({ request, dataUrl, files = [] }: StartMessage): Promise<void> {
  const { signal } = stop;
  const endAdapter = beginPhase('adapter', (phase) => post({ type: 'phase', ...phase }));
  const gpu = await requestGpu(navigator.gpu);
  endAdapter();
  post({ type: 'adapter', adapter: gpu.adapter, name: adapterName(gpu.adapter) });
  const dataset = (settings: TrainSettings) =>
    loadSettingsDataset(gpu, settings, {
      baseUrl: dataUrl,
      fetch: fetchFrom(files),
      signal,
    });
  await runTraining(request, { gpu, dataset, onEvent: post, signal, runner: navigator.userAgent });
}

async function predict({ request, dataUrl }: PredictMessage): Promise<void> {
  const gpu = await requestGpu(navigator.gpu);
  post({ type: 'predicted', logits: await runPrediction(gpu, { baseUrl: dataUrl }, request) });
}

scope.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'stop') {
    stop.abort(new Error('stopped'));
    return;
  }
  const work = data.type === 'predict' ? predict(data) : run(data);
  work.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    post({ type: 'error', message, user: isUserError(error) });
  });
});
