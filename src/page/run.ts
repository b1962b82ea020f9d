import type { FromWorker, StartMessage, ToWorker } from '../train/messages.ts';

/** A training run in a worker of its own. */
export interface Run {
  /** Asks the worker to stop after the steps already submitted; it then says `done`. */
  stop(): void;
  /** Ends the worker at once; no message follows. */
  end(): void;
}

/** Starts the engine's worker. The last message is `error`, or `tuned` behind `done`; the worker has ended when it arrives. */
export function startRun(start: StartMessage, onMessage: (message: FromWorker) => void): Run {
  const worker = new Worker(new URL('../train/worker.ts', import.meta.url), { type: 'module' });
  let ended = false;
  const end = () => {
    ended = true;
    worker.terminate();
  };
  const receive = (message: FromWorker) => {
    if (ended) return;
    if (message.type === 'tuned' || message.type === 'error') end();
    onMessage(message);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => receive(data));
  worker.addEventListener('error', (event) => {
    const where = event.filename ? ` (${event.filename}:${event.lineno})` : '';
    const message = event.message ? `${event.message}${where}` : 'the worker did not load';
    receive({ type: 'error', message, user: false });
  });
  const send = (message: ToWorker) => worker.postMessage(message);
  send(start);
  return { stop: () => send({ type: 'stop' }), end };
}
