import type { Progress } from './progress.ts';

/** A wait that is not longer goes untold, ms. */
const quietMs = 3000;

/** Says what is waited for where nothing else is heard for a while, such as kernels that compile. One wait at a time. */
export class Waiting {
  readonly #log: Progress['log'];
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Progress['log']) {
    this.#log = log;
  }

  begin(line: string): void {
    this.end();
    this.#timer = setTimeout(() => this.#log(line), quietMs).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
