import type { Readable, Writable } from 'node:stream';
import type { ConnectionTransport } from 'puppeteer';

/** The DevTools protocol over Chrome's pipes (`--remote-debugging-pipe`): JSON messages, each with a zero byte behind it. */
export class PipeTransport implements ConnectionTransport {
  onmessage?: (message: string) => void;
  onclose?: () => void;
  readonly #toBrowser: Writable;
  /** The beginning of a message whose end has not come yet. */
  #begun: Buffer[] = [];
  #closed = false;

  constructor(toBrowser: Writable, fromBrowser: Readable) {
    this.#toBrowser = toBrowser;
    fromBrowser.on('data', (chunk: Buffer) => this.#receive(chunk));
    fromBrowser.on('close', () => this.onclose?.());
    // A browser that ends closes its pipes; `close` says so.
    fromBrowser.on('error', () => {});
    toBrowser.on('error', () => {});
  }

  send(message: string): void {
    if (this.#closed) return;
    this.#toBrowser.write(message);
    this.#toBrowser.write('\0');
  }

  close(): void {
    this.#closed = true;
  }

  #receive(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      const message = Buffer.concat([...this.#begun, chunk.subarray(start, end)]).toString();
      this.#begun = [];
      start = end + 1;
      // In turns of their own: what a message sets off comes before the next one.
      setImmediate(() => {
        if (!this.#closed) this.onmessage?.(message);
      });
    }
    if (start < chunk.length) this.#begun.push(chunk.subarray(start));
  }
}
