import { SingleBar } from 'cli-progress';

/** Progress of long work on stderr: a bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** A line that stays. */
  log(line: string): void;
  /** How far the work is; `status` stands beside the bar. */
  update(done: number, total: number, status: string): void;
  stop(): void;
}

/** `label`: what is being done. Plain lines come at most every `intervalMs`. */
export function makeProgress(label: string, intervalMs = 10_000): Progress {
  return process.stderr.isTTY ? bar(label) : lines(label, intervalMs);
}

function bar(label: string): Progress {
  const single = new SingleBar({
    format: `${label} {bar} {value}/{total} | {status} | {eta_formatted} left`,
    stream: process.stderr,
    clearOnComplete: false,
    hideCursor: true,
    etaBuffer: 50,
    barsize: 24,
  });
  let started = false;
  return {
    log(line) {
      if (started) process.stderr.write('\r\u001b[2K');
      process.stderr.write(`${line}\n`);
    },
    update(done, total, status) {
      if (!started) single.start(total, done, { status });
      else single.update(done, { status });
      started = true;
    },
    stop: () => single.stop(),
  };
}

function lines(label: string, intervalMs: number): Progress {
  let lastAt = Number.NEGATIVE_INFINITY;
  let first: { readonly done: number; readonly at: number } | undefined;
  let later: NodeJS.Timeout | undefined;
  const update = (done: number, total: number, status: string) => {
    const now = Date.now();
    first ??= { done, at: now };
    clearTimeout(later);
    const waitMs = lastAt + intervalMs - now;
    if (waitMs > 0 && done < total) {
      // What is worked on for long is told, also where nothing more is heard of it for a while.
      later = setTimeout(() => update(done, total, status), waitMs).unref();
      return;
    }
    lastAt = now;
    const left = done > first.done ? ((now - first.at) / (done - first.done)) * (total - done) : Number.NaN;
    const eta = Number.isNaN(left) ? '' : ` | ${Math.round(left / 1000)} s left`;
    process.stderr.write(`${label} ${done}/${total} | ${status}${eta}\n`);
  };
  return {
    log: (line) => process.stderr.write(`${line}\n`),
    update,
    stop: () => clearTimeout(later),
  };
}
