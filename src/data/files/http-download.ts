/** Downloads over HTTP as one unbroken stream of bytes, going on where a broken connection stopped. */

import { setTimeout as delay } from 'node:timers/promises';

/** How patient a download is. */
export interface DownloadOptions {
  /** Time until the answer's headers must be there; default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Time within which the next bytes must come; default 30 s. */
  readonly stallTimeoutMs?: number;
  /** Connections in a row that may break without bringing any byte before the download gives up; default 4. */
  readonly retries?: number;
  /** Pause before going on after a break; default 1 s. */
  readonly retryDelayMs?: number;
  /** Told the bytes so far, and the total if the server says. */
  readonly onBytes?: (doneBytes: number, totalBytes: number | undefined) => void;
}

/** An answer that another attempt would only repeat. */
class RefusedError extends Error {}

/**
 * The bytes at `url`. If the first connection fails, so does the download, at once. If a later one breaks, the rest is
 * asked for with a Range request; from a server that knows no ranges the beginning is read again and thrown away. The
 * caller must check a digest: the file may have changed in between.
 *
 * @throws Error with a one-line reason
 */
export async function* downloadBytes(url: string, options: DownloadOptions = {}): AsyncGenerator<Uint8Array> {
  const { retries = 4, retryDelayMs = 1_000, onBytes } = options;
  let done = 0;
  let total: number | undefined;
  for (let breaks = 0; ; ) {
    const doneBefore = done;
    const watch = new Watch();
    try {
      watch.arm(options.connectTimeoutMs ?? 10_000, 'no answer');
      const response = await fetch(url, {
        signal: watch.signal,
        // identity: an encoded body would neither have the length nor the offsets of the file
        headers: { 'accept-encoding': 'identity', ...(done > 0 ? { range: `bytes=${done}-` } : {}) },
      });
      const answer = readHeaders(response, done);
      if (total !== undefined && answer.total !== total)
        throw new RefusedError('the file changed while downloading');
      total = answer.total;
      let skip = done - answer.start;
      const stallTimeoutMs = options.stallTimeoutMs ?? 30_000;
      watch.arm(stallTimeoutMs, 'no data');
      for await (const chunk of response.body ?? []) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        watch.disarm(); // the time the caller takes does not count
        if (fresh.length > 0) {
          done += fresh.length;
          onBytes?.(done, total);
          yield fresh;
        }
        watch.arm(stallTimeoutMs, 'no data');
      }
      if (total === undefined || done === total) return;
      throw new Error(`ended after ${done} of ${total} bytes`);
    } catch (error) {
      breaks = done > doneBefore ? 0 : breaks + 1;
      if (done === 0 || breaks > retries || error instanceof RefusedError) throw new Error(reasonOf(error));
    } finally {
      watch.disarm();
    }
    await delay(retryDelayMs);
  }
}

/** Where the answer's body begins, and the file's total length if told. */
function readHeaders(response: Response, asked: number): { start: number; total: number | undefined } {
  if (response.status === 200) {
    const length = response.headers.get('content-length');
    return { start: 0, total: length === null ? undefined : Number(length) };
  }
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && range && Number(range[1]) === asked)
    return { start: asked, total: Number(range[2]) };
  throw new RefusedError(`HTTP ${response.status} ${response.statusText}`.trimEnd());
}

/** Aborts a request when a time limit passes. */
class Watch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  readonly signal = this.controller.signal;

  arm(limitMs: number, what: string): void {
    this.disarm();
    this.timer = setTimeout(
      () => this.controller.abort(new Error(`${what} for ${limitMs / 1000} s`)),
      limitMs,
    );
  }

  disarm(): void {
    clearTimeout(this.timer);
  }
}

/** The innermost reason of an error: `fetch failed` hides it in `cause`. */
function reasonOf(error: unknown): string {
  let inner = error as Error;
  while (inner.cause instanceof Error) inner = inner.cause;
  // Several addresses were tried: an AggregateError with an empty message.
  if (inner instanceof AggregateError) inner = (inner.errors[0] as Error | undefined) ?? inner;
  return (inner.message || (inner as NodeJS.ErrnoException).code || inner.name).split('\n', 1)[0]!;
}
