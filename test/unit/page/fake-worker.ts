import type { WorkerLike } from '../../../src/page/engine/engine.ts';
import type { CallMessage, WorkerMessage } from '../../../src/page/engine/protocol.ts';

/** A worker that says what the test tells it to. */
export class FakeWorker implements WorkerLike {
  readonly calls: CallMessage[] = [];
  terminated = false;
  readonly #listeners = new Map<string, ((event: Event) => void)[]>();

  postMessage(message: unknown): void {
    this.calls.push(message as CallMessage);
  }

  terminate(): void {
    this.terminated = true;
  }

  addEventListener(type: string, listener: unknown): void {
    const listeners = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, [...listeners, listener as (event: Event) => void]);
  }

  tell(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as Event);
  }

  say(data: WorkerMessage): void {
    this.tell('message', { data });
  }
}
