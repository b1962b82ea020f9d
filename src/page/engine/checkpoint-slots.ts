import { FileNotOpened, type PrivateFiles } from './private-files.ts';

/** A checkpoint file, and the step at which it was taken. */
export interface StoredCheckpoint {
  readonly step: number;
  readonly file: Uint8Array<ArrayBuffer>;
}

// A slot: "wgradCP1", step (float64), length (float64), SHA-256 of the checkpoint, the checkpoint. Little-endian.
const magic = new TextEncoder().encode('wgradCP1');
const headerBytes = 8 + 8 + 8 + 32;

/**
 * The last checkpoint of each run, in two slots that are written in turn: a tab that dies while it writes one leaves the other whole.
 * A slot counts only with its length and its hash.
 */
export class CheckpointSlots {
  readonly #files: PrivateFiles;
  readonly #next = new Map<string, 0 | 1>();

  constructor(files: PrivateFiles) {
    this.#files = files;
  }

  /** @throws FileNotOpened where both slots are as they were; DOMException where the storage is full */
  async write(runId: string, { step, file }: StoredCheckpoint): Promise<void> {
    let slot = this.#next.get(runId);
    if (slot === undefined) slot = (await this.#newest(runId))?.slot === 0 ? 1 : 0;
    const header = new Uint8Array(headerBytes);
    const view = new DataView(header.buffer);
    header.set(magic, 0);
    view.setFloat64(8, step, true);
    view.setFloat64(16, file.length, true);
    header.set(new Uint8Array(await crypto.subtle.digest('SHA-256', file)), 24);
    const other = slot === 0 ? 1 : 0;
    try {
      await this.#files.write(slotName(runId, slot), [header, file]);
    } catch (error) {
      // One that cannot be opened may stay so. It still holds what it held: the other can be written.
      if (error instanceof FileNotOpened) this.#next.set(runId, other);
      throw error;
    }
    this.#next.set(runId, other);
  }

  /** The newest whole checkpoint. */
  async read(runId: string): Promise<StoredCheckpoint | undefined> {
    return (await this.#newest(runId))?.checkpoint;
  }

  async drop(runId: string): Promise<void> {
    this.#next.delete(runId);
    for (const slot of [0, 1] as const) await this.#files.remove(slotName(runId, slot));
  }

  /** Drops those of all other runs. */
  async keepOnly(runIds: readonly string[]): Promise<void> {
    const kept = new Set(runIds.flatMap((runId) => [slotName(runId, 0), slotName(runId, 1)]));
    for (const name of await this.#files.names()) if (!kept.has(name)) await this.#files.remove(name);
  }

  async #newest(runId: string): Promise<{ slot: 0 | 1; checkpoint: StoredCheckpoint } | undefined> {
    const found = await Promise.all(
      ([0, 1] as const).map(async (slot) => {
        const checkpoint = await this.#readSlot(slotName(runId, slot));
        return checkpoint === undefined ? [] : [{ slot, checkpoint }];
      }),
    );
    return found.flat().sort((a, b) => b.checkpoint.step - a.checkpoint.step)[0];
  }

  async #readSlot(name: string): Promise<StoredCheckpoint | undefined> {
    const bytes = new Uint8Array((await (await this.#files.read(name))?.arrayBuffer()) ?? new ArrayBuffer(0));
    if (bytes.length < headerBytes || magic.some((byte, i) => bytes[i] !== byte)) return undefined;
    const view = new DataView(bytes.buffer);
    const file = bytes.slice(headerBytes);
    if (view.getFloat64(16, true) !== file.length) return undefined;
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', file));
    if (hash.some((byte, i) => bytes[24 + i] !== byte)) return undefined;
    return { step: view.getFloat64(8, true), file };
  }
}

const slotName = (runId: string, slot: 0 | 1): string => `${runId}.${slot}`;
