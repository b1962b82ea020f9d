// The page's worker: GPU, data and training, for as long as the tab lives. It never waits for the page.

import { datasetOf, defaultDataset } from '../../data/datasets/index.ts';
import { splitImages } from '../../data/record-set.ts';
import { stepBytes } from '../../measure/recorded-calls.ts';
import { parameterCount } from '../../nn/net.ts';
import { forBriefRun, isBrief } from '../../train/brief-run.ts';
import { readWeights } from '../../train/weights-file.ts';
import { CheckpointSlots } from './checkpoint-slots.ts';
import { DataStore } from './data-store.ts';
import { Device } from './device.ts';
import { EngineError, engineError } from './engine-error.ts';
import type { Lab } from './lab.ts';
import { openPrivateFiles } from './private-files.ts';
import type { CallMessage, CallName, EngineCalls, EngineEvent, WorkerMessage } from './protocol.ts';
import { Training } from './training.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;

const send = (message: WorkerMessage, transfer: Transferable[] = []): void =>
  scope.postMessage(message, transfer);
const post = (event: EngineEvent, transfer?: Transferable[]): void => send(event, transfer);

const device = new Device((message) => {
  if (training === undefined) post({ event: 'gone', message }); // A run tells of its loss itself.
});
const stored = openPrivateFiles(defaultDataset.name).then((files) => new DataStore(files, defaultDataset));
const slots = openPrivateFiles('checkpoints').then((files) =>
  typeof files === 'string' ? undefined : new CheckpointSlots(files),
);
let training: Training | undefined;
let watched = { samples: false, weights: false };
let dataWork = new AbortController();

type Answers = {
  readonly [Name in CallName]: (
    takes: EngineCalls[Name]['takes'],
  ) => Promise<EngineCalls[Name]['gives']> | EngineCalls[Name]['gives'];
};

const answers: Answers = {
  ping: () => null,
  probe: async () => (await device.open()).report,
  sizeOf({ settings }) {
    const { latest } = device; // A lost one counts too: no other is asked for, for a number.
    const gpu = latest && (isBrief(settings, {}) ? forBriefRun(latest) : latest);
    const images = splitImages(datasetOf(settings), 'train');
    return {
      parameters: parameterCount(settings.net),
      bytes: gpu === undefined ? null : stepBytes({ settings, capabilities: gpu.capabilities, images }),
    };
  },
  checkWeights: ({ file }) => nothing(readWeights(file)),
  dataPlace: async () => (await stored).place(),
  download: ({ url }) => getData((store, signal) => store.download(url, signal, postData)),
  takeFiles: ({ files }) => getData((store, signal) => store.take(files, signal, postData)),
  cancelData: () => nothing(dataWork.abort(cancelled())),
  async deleteData() {
    const store = await stored;
    await store.remove();
    return store.place();
  },
  async train(request) {
    if (training !== undefined) throw new EngineError('busy', 'a run is in progress');
    training = new Training({ device, store: await stored, slots: await slots, post }, request);
    training.watch(watched);
    try {
      return await training.run();
    } finally {
      training = undefined;
    }
  },
  pause: ({ by }) => nothing(training?.pause(by)),
  resume: () => nothing(training?.resume()),
  stop: () => nothing(training?.stop()),
  watch(wanted) {
    watched = wanted;
    training?.watch(wanted);
    return null;
  },
  guessPicture: async (request) =>
    (await import('./on-demand.ts')).guessPicture({ device, store: await stored }, request),
  dropCheckpoint: async ({ runId }) => nothing(await (await slots)?.drop(runId)),
  keepCheckpoints: async ({ runIds }) => nothing(await (await slots)?.keepOnly(runIds)),
  labGroups: async (request) => (await lab()).groups(request),
  labMeasure: async ({ id, variants }) => (await lab()).measure(id, variants),
  labPeaks: async () => (await lab()).peaks(),
  labProfile: async (request) => (await lab()).profile(request),
  labStop: async () => nothing((await lab()).stop()),
};

let openedLab: Promise<Lab> | undefined;

function lab(): Promise<Lab> {
  openedLab ??= import('./on-demand.ts').then(async ({ Lab }) => new Lab(device, await stored, post));
  openedLab.catch(() => {
    openedLab = undefined; // Without a network: the next call tries again.
  });
  return openedLab;
}

/** The answer of a call that has none. */
const nothing = (_: unknown): null => null;

const cancelled = (): EngineError => new EngineError('stopped', 'the work on the data was cancelled');

async function getData(work: (store: DataStore, signal: AbortSignal) => Promise<void>) {
  dataWork.abort(cancelled());
  dataWork = new AbortController();
  const store = await stored;
  await work(store, dataWork.signal);
  return store.place();
}

let posted: { readonly what: string; readonly ms: number } | undefined;

function postData(what: 'downloading' | 'checking', doneBytes: number, totalBytes: number): void {
  const now = performance.now();
  if (what === 'downloading' && posted?.what === what && now - posted.ms < 100) return;
  posted = { what, ms: now };
  post({ event: 'data', what, doneBytes, totalBytes });
}

async function answer({ id, call, takes }: CallMessage): Promise<void> {
  try {
    send({ id, gives: await (answers[call] as (takes: unknown) => unknown)(takes) });
  } catch (error) {
    const { kind, message } = engineError(error);
    send({ id, error: { kind, message } });
  }
}

scope.addEventListener('message', ({ data }: MessageEvent<CallMessage>) => void answer(data));

// Held as long as this worker lives: the page waits for it, and so hears of an end that no event tells.
const { locks } = navigator as { readonly locks?: LockManager };
if (locks === undefined) send({ lock: '' });
else {
  const lock = `wgrad worker ${crypto.randomUUID()}`;
  void locks.request(lock, () => {
    send({ lock });
    return new Promise(() => {});
  });
}
