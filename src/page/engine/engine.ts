// The page's side of the engine: the only file that starts the worker and speaks to it.
import { EngineError } from './engine-error.ts';
import type { CallMessage, CallName, EngineCalls, EngineEvent, WorkerMessage } from './protocol.ts';

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: EngineError) => void;
}

/** The part of `Worker` that is used: tests give a fake. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>;

export interface EngineOptions {
  readonly makeWorker?: () => WorkerLike;
  /** Waits until the worker with this lock has ended. By default with a Web Lock, where there are any. */
  readonly untilEnded?: (lock: string) => Promise<void>;
}

/** A living worker has said nothing within this time after it was started: it did not load. */
const loadMs = 20_000;

/**
 * Calls of the worker, each with a promise that is rejected when the worker ends, however it does, and events. A worker that ended is replaced with
 * the next call.
 */
export class Engine {
  readonly #makeWorker: () => WorkerLike;
  readonly #untilEnded: (lock: string) => Promise<void>;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #pending = new Map<number, Pending>();
  #worker: WorkerLike | undefined;
  #loading: ReturnType<typeof setTimeout> | undefined;
  #calls = 0;

  constructor({ makeWorker = startWorker, untilEnded = untilLockIsFree }: EngineOptions = {}) {
    this.#makeWorker = makeWorker;
    this.#untilEnded = untilEnded;
  }

  /** @returns a function that ends listening */
  listen(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws EngineError as the worker says, or of kind `worker` where it ended */
  call<Name extends CallName>(
    call: Name,
    ...[takes, options = {}]: EngineCalls[Name]['takes'] extends undefined
      ? [takes?: undefined, options?: CallOptions]
      : [takes: EngineCalls[Name]['takes'], options?: CallOptions]
  ): Promise<EngineCalls[Name]['gives']> {
    const id = ++this.#calls;
    const answer = new Promise<EngineCalls[Name]['gives']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    try {
      this.#worker ??= this.#start();
      const message: CallMessage = { id, call, takes };
      this.#worker.postMessage(message, options.transfer ?? []);
    } catch (error) {
      this.#fail(id, new EngineError('worker', error instanceof Error ? error.message : String(error)));
    }
    return answer;
  }

  /** Ends the worker at once; its calls are rejected. */
  end(reason = 'the worker was ended'): void {
    this.#worker?.terminate();
    this.#ended(this.#worker, reason);
  }

  #start(): WorkerLike {
    const worker = this.#makeWorker();
    this.#loading = setTimeout(() => {
      worker.terminate();
      this.#ended(worker, `the worker did not start within ${loadMs / 1000} s`);
    }, loadMs);
    worker.addEventListener('message', (event) => {
      this.#receive(worker, (event as MessageEvent<WorkerMessage>).data);
    });
    worker.addEventListener('messageerror', () => this.#ended(worker, 'a message of the worker is damaged'));
    worker.addEventListener('error', (event) => {
      const { message, filename, lineno } = event as ErrorEvent;
      const where = filename ? ` (${filename}:${lineno})` : '';
      worker.terminate();
      this.#ended(worker, message ? `${message}${where}` : 'the worker did not load');
    });
    return worker;
  }

  #receive(worker: WorkerLike, message: WorkerMessage): void {
    if (worker !== this.#worker) return;
    clearTimeout(this.#loading);
    if ('lock' in message) {
      void this.#untilEnded(message.lock).then(() => this.#ended(worker, 'the browser ended the worker'));
    } else if ('event' in message) {
      for (const listener of this.#listeners) listener(message);
    } else if ('error' in message) {
      this.#fail(message.id, new EngineError(message.error.kind, message.error.message));
    } else {
      this.#pending.get(message.id)?.resolve(message.gives as never);
      this.#pending.delete(message.id);
    }
  }

  #ended(worker: WorkerLike | undefined, reason: string): void {
    if (worker === undefined || worker !== this.#worker) return;
    clearTimeout(this.#loading);
    this.#worker = undefined;
    for (const id of [...this.#pending.keys()]) this.#fail(id, new EngineError('worker', reason));
  }

  #fail(id: number, error: EngineError): void {
    this.#pending.get(id)?.reject(error);
    this.#pending.delete(id);
  }
}

interface CallOptions {
  readonly transfer?: Transferable[];
}

const startWorker = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

/** A worker holds a lock of its own; the browser gives it on when the worker ends, even where no event tells of that. */
async function untilLockIsFree(lock: string): Promise<void> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (locks === undefined) return new Promise(() => {});
  await locks.request(lock, () => {});
}
