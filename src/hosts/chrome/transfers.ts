import { constants } from 'node:buffer';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from './guard.ts';

interface Arriving {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** So many are there, from the first on. */
  received: number;
}

/**
 * Byte arrays on their way between this process and its page, over HTTP: `GET <path><id>` fetches what is offered, and
 * `POST <path><id>?at=<first>&of=<total>` brings a piece; pieces come in order. The path holds a secret, which only our page is told: whoever
 * does not know it gets what every unknown address gets. Beyond the arrays themselves, pieces are all that is in memory.
 */
export class Transfers {
  /** Begins and ends with a slash. */
  readonly path = `/transfers/${randomBytes(24).toString('base64url')}/`;
  readonly #offered = new Map<string, Uint8Array>();
  readonly #arriving = new Map<string, Arriving>();
  #count = 0;

  /** Whether an address is meant for `answer`. */
  owns(url: string): boolean {
    const given = Buffer.from(url.slice(0, this.path.length));
    const path = Buffer.from(this.path);
    return given.length === path.length && timingSafeEqual(given, path);
  }

  /** Lets the page fetch bytes, until `withdraw`. Returns their id. */
  offer(bytes: Uint8Array): string {
    const id = `${this.#count++}`;
    this.#offered.set(id, bytes);
    return id;
  }

  withdraw(id: string): void {
    this.#offered.delete(id);
  }

  /** What the page sent under an id, once. @throws Error where it has not come whole */
  take(id: string): Uint8Array<ArrayBuffer> {
    const arrived = this.#arriving.get(id);
    if (arrived === undefined || arrived.received < arrived.bytes.length) {
      const count =
        arrived === undefined ? 'nothing' : `${arrived.received} of ${arrived.bytes.length} bytes`;
      throw new Error(`of transfer ${id}, ${count} came from the page`);
    }
    this.#arriving.delete(id);
    return arrived.bytes;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const id = pathname.slice(this.path.length);
    if (request.method === 'POST') {
      const whole = await this.#receive(
        id,
        request,
        wholeNumber(searchParams, 'at'),
        wholeNumber(searchParams, 'of'),
      );
      response.statusCode = whole ? 204 : 400;
      response.end();
      return;
    }
    const bytes = request.method === 'GET' ? this.#offered.get(id) : undefined;
    if (bytes === undefined) {
      refuse(response, 404);
      return;
    }
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
  }

  /** Takes a piece; false where it is not the next one, or does not fit. */
  async #receive(id: string, request: IncomingMessage, at: number, of: number): Promise<boolean> {
    if (at === 0 && of <= constants.MAX_LENGTH && !this.#arriving.has(id)) {
      this.#arriving.set(id, { bytes: new Uint8Array(of), received: 0 });
    }
    const arriving = this.#arriving.get(id);
    if (arriving?.received !== at || arriving.bytes.length !== of) return false;
    for await (const piece of request as AsyncIterable<Uint8Array>) {
      if (arriving.received + piece.length > of) return false;
      arriving.bytes.set(piece, arriving.received);
      arriving.received += piece.length;
    }
    return true;
  }
}

/** NaN where a parameter is no whole number. */
function wholeNumber(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
