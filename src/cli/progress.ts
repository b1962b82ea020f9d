import { SingleBar } from 'cli-progress';

/** Progress of long work on stderr: a bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** A line that stays. */
  log(line: string): void;
  /** The work starts here, or goes on, with so much of it done. Unless it is called, with the first `update`. */
  begin(done: number): void;
  /** How far the work is; `status` stands beside the bar, and what is left by the pace since `begin`. */
  update(done: number, total: number, status: string): void;
  stop(): void;
}

/** `label`: what is being done. Plain lines come at most every `intervalMs`. */
export function makeProgress(label: string, intervalMs = 10_000): Progress {
  return process.stderr.isTTY ? bar(label) : lines(label, intervalMs);
}

/** How fast work goes, as a mean since its start: reports may come in pairs, with minutes between. */
class Pace {
  #first: { readonly done: number; readonly at: number } | undefined;

  begin(done: number): void {
    this.#first = { done, at: Date.now() };
  }

  /** ` | 12 s left`; empty where nothing was done yet. */
  left(done: number, total: number): string {
    if (this.#first === undefined) this.begin(done);
    const first = this.#first!;
    if (done <= first.done) return '';
    const each = (Date.now() - first.at) / (done - first.done);
    const seconds = (each * (total - done)) / 1000;
    return ` | ${seconds < 600 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} left`;
  }
}

function bar(label: string): Progress {
  const single = new SingleBar({
    format: `${label} {bar} {value}/{total} | {status}{left}`,
    stream: process.stderr,
    clearOnComplete: false,
    hideCursor: true,
    barsize: 24,
  });
  const pace = new Pace();
  let started = false;
  return {
    log(line) {
      if (started) process.stderr.write('\r\u001b[2K');
      process.stderr.write(`${line}\n`);
    },
    begin: (done) => pace.begin(done),
    update(done, total, status) {
      const payload = { status, left: pace.left(done, total) };
      if (!started) single.start(total, done, payload);
      else single.update(done, payload);
      started = true;
    },
    stop: () => single.stop(),
  };
}

function lines(label: string, intervalMs: number): Progress {
  const pace = new Pace();
  let lastAt = Number.NEGATIVE_INFINITY;
  let later: NodeJS.Timeout | undefined;
  const update = (done: number, total: number, status: string) => {
    const now = Date.now();
    const left = pace.left(done, total);
    clearTimeout(later);
    const waitMs = lastAt + intervalMs - now;
    if (waitMs > 0 && done < total) {
      // What is worked on for long is told, also where nothing more is heard of it for a while.
      later = setTimeout(() => update(done, total, status), waitMs).unref();
      return;
    }
    lastAt = now;
    process.stderr.write(`${label} ${done}/${total} | ${status}${left}\n`);
  };
  return {
    log: (line) => process.stderr.write(`${line}\n`),
    begin: (done) => pace.begin(done),
    update,
    stop: () => clearTimeout(later),
  };
}
