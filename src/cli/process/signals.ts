/** Signals that ask a process to end: Ctrl-C, `kill` (Docker, Slurm, systemd), a closed terminal. */
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type StopSignal = keyof typeof numbers;

/** Exit status after a signal, as shells count it. */
const statusAfter = (signal: StopSignal): number => 128 + numbers[signal];

/** The command was stopped by a signal before there was anything to keep. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * One stop may arrive as several signals: a terminal signals the whole process group and npm passes its own on, a closed
 * terminal and its shell both say SIGHUP.
 */
const sameStopMs = 500;

/** The process as signals see it; a test has its own. */
export interface SignalledProcess {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(status: number): void;
}

interface Work {
  readonly unit: string;
  readonly stop: (signal: NodeJS.Signals) => void | Promise<void>;
}

/**
 * What the first signal does: where work is `held`, it is asked to stop, and what it came to is written; elsewhere there is
 * nothing to keep, and the process ends. A second signal always ends it. What must not outlive it: see at-exit.ts.
 */
export class Signals {
  readonly #process: SignalledProcess;
  readonly #log: (line: string) => void;
  readonly #now: () => number;
  readonly #held: Work[] = [];
  #first: { readonly signal: StopSignal; readonly atMs: number } | undefined;

  constructor(
    process: SignalledProcess,
    log: (line: string) => void = (line) => console.error(line),
    now: () => number = Date.now,
  ) {
    this.#process = process;
    this.#log = log;
    this.#now = now;
  }

  /** From now on the signals are handled here. `command` is named in what is logged. */
  listen(command: string): void {
    for (const signal of Object.keys(numbers) as StopSignal[]) {
      this.#process.on(signal, () => this.#receive(signal, command));
    }
  }

  /** A signal came while work was held: what would come next must not begin. */
  get asked(): boolean {
    return this.#first !== undefined;
  }

  /** Exit status of a command that a signal stopped. */
  get status(): number {
    return statusAfter(this.#first?.signal ?? 'SIGINT');
  }

  /**
   * Runs work that a signal does not end but stops: `stop` asks it to end after the `unit` that is under way. Inner work is
   * asked instead of the outer one.
   */
  async hold<T>(unit: string, stop: Work['stop'], work: () => Promise<T>): Promise<T> {
    const held = { unit, stop };
    this.#held.push(held);
    try {
      return await work();
    } finally {
      this.#held.splice(this.#held.indexOf(held), 1);
    }
  }

  #receive(signal: StopSignal, command: string): void {
    const work = this.#held.at(-1);
    if (this.#first !== undefined) {
      if (this.#now() - this.#first.atMs > sameStopMs) this.#process.exit(this.status);
      return;
    }
    this.#first = { signal, atMs: this.#now() };
    if (work === undefined) {
      this.#log(`${command}: stopped by ${signal}`);
      this.#process.exit(this.status);
      return;
    }
    this.#log(`${signal}: stopping after ${work.unit}; once more to leave at once`);
    const stop = async () => work.stop(signal);
    stop().catch(() => this.#process.exit(this.status));
  }
}

/** Those of this process. */
export const signals = new Signals(process);
