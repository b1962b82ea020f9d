// A file of weights to start from, instead of random ones.
import { signal } from '@preact/signals-core';
import type { Engine } from '../engine/engine.ts';

export interface WeightsFile {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
}

export class InitialWeights {
  /** The file that trainings start from. */
  readonly file = signal<WeightsFile | undefined>(undefined);
  /** Why the file that was chosen last is none. */
  readonly problem = signal<string | undefined>(undefined);
  /** A file was chosen, and is not known to be one of weights yet. */
  readonly isChecking = signal(false);
  readonly #engine: Engine;
  #chosen: File | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Starts from this file from now on; refuses what is none. Undefined: random weights. */
  async take(chosen: File | undefined): Promise<void> {
    this.#chosen = chosen;
    this.file.value = undefined;
    this.problem.value = undefined;
    this.isChecking.value = chosen !== undefined;
    if (chosen === undefined) return;
    const { name } = chosen;
    let file: WeightsFile | undefined;
    let problem: string | undefined;
    try {
      file = { name, file: new Uint8Array(await chosen.arrayBuffer()) };
      await this.#engine.call('checkWeights', file);
    } catch (error) {
      problem = `${name} is no file of weights: ${(error as Error).message}`;
    }
    // Another one may have been chosen meanwhile, or none.
    if (this.#chosen !== chosen) return;
    if (problem === undefined) this.file.value = file;
    this.problem.value = problem;
    this.isChecking.value = false;
  }
}
