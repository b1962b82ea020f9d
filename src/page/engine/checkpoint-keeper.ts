import { type Checkpoint, writeCheckpoint } from '../../train/checkpoint.ts';
import type { CheckpointSlots } from './checkpoint-slots.ts';

/**
 * Keeps the newest checkpoint of a run: in memory at once, in the browser's storage when the one before is written. Training never waits for the storage;
 * what was overtaken meanwhile is left out.
 */
export class CheckpointKeeper {
  readonly #slots: Pick<CheckpointSlots, 'write'> | undefined;
  readonly #runId: string;
  readonly #onKept: (step: number) => void;
  #newest: Checkpoint | undefined;
  #writing: Promise<void> | undefined;

  /**
   * Without `slots` a run survives the loss of the device, not of the tab.
   * @param onKept told when a checkpoint is written, or cannot be: then it is in memory alone
   */
  constructor(
    slots: Pick<CheckpointSlots, 'write'> | undefined,
    runId: string,
    onKept: (step: number) => void,
  ) {
    this.#slots = slots;
    this.#runId = runId;
    this.#onKept = onKept;
  }

  get newest(): Checkpoint | undefined {
    return this.#newest;
  }

  /** What a run goes on from: it is kept already. */
  begin(checkpoint: Checkpoint): void {
    this.#newest = checkpoint;
  }

  keep(checkpoint: Checkpoint): void {
    this.#newest = checkpoint;
    this.#writing ??= this.#write();
  }

  /** Resolves when the newest is written, or cannot be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    let written: Checkpoint | undefined;
    while (this.#newest !== undefined && this.#newest !== written) {
      written = this.#newest;
      const { step } = written;
      try {
        await this.#slots?.write(this.#runId, { step, file: writeCheckpoint(written) });
      } catch {
        // The storage is full, taken or silent: the run goes on.
      }
      this.#onKept(step);
    }
    this.#writing = undefined;
  }
}
