/** What went wrong in the engine, as far as the page says different things about it. */
export type EngineErrorKind =
  /** The worker ended, did not load, or does not answer. */
  | 'worker'
  | 'no-adapter'
  | 'offline'
  /** The server is there, and has no such file. */
  | 'not-served'
  | 'wrong-file'
  | 'partial'
  | 'quota'
  | 'busy'
  | 'stopped'
  /** A run could not begin: its data could not be had. */
  | 'no-data'
  | 'lost'
  | 'memory'
  | 'diverged'
  /** Anything else: the message is all that is known. */
  | 'failed';

/** An error of the engine that crosses from the worker to the page. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What was thrown, as an EngineError. */
export function engineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : '';
  return new EngineError(kindOf(name, message), message);
}

function kindOf(name: string, message: string): EngineErrorKind {
  if (name === 'NonFiniteLoss') return 'diverged';
  if (name === 'QuotaExceededError') return 'quota';
  if (/device was lost|device is lost|did not finish its work/i.test(message)) return 'lost';
  if (/out of GPU memory|out of memory|does not fit|needs a buffer of/i.test(message)) return 'memory';
  return 'failed';
}
