// The body of an answer, read into memory that is used again: what is read into fresh memory costs a page fault for every 4 KB.

/**
 * Fills `into` with the next bytes and returns it, under another name where its memory has changed hands: `into` itself is not to be used again.
 * @throws Error where the body ends before
 */
export type TakeBytes = (into: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Answers whose bodies are being read. Chrome (156.0.8078.108) forgets the body of a Blob that is read into given memory and whose `Response`
 * nobody holds: after a garbage collection a read never ends.
 */
const held = new Set<Response>();

/** What is expected of an answer. */
export interface Expected {
  readonly url: string;
  readonly sizeBytes: number;
  readonly onBytes?: (doneBytes: number) => void;
}

/**
 * What `use` makes of a body, all of which it takes. Where it fails, the rest of the body is cancelled: nobody wants it, and a server would go on sending.
 * @throws Error naming the address if the answer has an error status, ends early or is too long; and what `use` rejects with
 */
export async function expectedBody<T>(
  response: Response,
  { url, sizeBytes, onBytes }: Expected,
  use: (take: TakeBytes) => Promise<T>,
): Promise<T> {
  if (!response.ok || !response.body) {
    const reason = (await response.text()).split('\n', 1)[0]!.slice(0, 300);
    throw new Error(`${url}: HTTP ${response.status}${reason ? `: ${reason}` : ''}`);
  }
  const source = ownMemory(response.body) ?? streamsMemory(response.body);
  let done = 0;
  const take: TakeBytes = async (into) => {
    let taken = into;
    for (let at = 0; at < taken.length; ) {
      const part = await source.read(taken, at);
      if (part === undefined) throw new Error(`${url}: ended after ${done} of ${sizeBytes} bytes`);
      at += part.count;
      done += part.count;
      taken = part.into;
      onBytes?.(done);
    }
    return taken;
  };
  held.add(response);
  try {
    const used = await use(take);
    if (await source.read(new Uint8Array(1), 0)) {
      throw new Error(`${url}: more than the ${sizeBytes} bytes expected`);
    }
    return used;
  } finally {
    await source.cancel().catch(() => {}); // At its end that does nothing; a body that failed rejects with what has been told.
    held.delete(response);
  }
}

interface ByteSource {
  /** Reads some bytes, at least one, into `into` from `at` on; undefined at the end. */
  read(
    into: Uint8Array<ArrayBuffer>,
    at: number,
  ): Promise<{ readonly into: Uint8Array<ArrayBuffer>; readonly count: number } | undefined>;
  cancel(): Promise<void>;
}

/** Bytes go into the memory that is given; undefined where a stream cannot do that. */
function ownMemory(body: ReadableStream<Uint8Array>): ByteSource | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
  return {
    async read(into, at) {
      const { byteOffset, length } = into; // Of memory that has changed hands, both are 0.
      const rest = new Uint8Array(into.buffer, byteOffset + at, length - at);
      const { value, done } = await reader.read(rest);
      if (done || value === undefined) return undefined;
      return { into: new Uint8Array(value.buffer, byteOffset, length), count: value.length };
    },
    cancel: () => reader.cancel(),
  };
}

/** Bytes come in memory of the stream's, and are copied. */
function streamsMemory(body: ReadableStream<Uint8Array>): ByteSource {
  const reader = body.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(into, at) {
      while (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        rest = value;
      }
      const part = rest.subarray(0, into.length - at);
      into.set(part, at);
      rest = rest.subarray(part.length);
      return { into, count: part.length };
    },
    cancel: () => reader.cancel(),
  };
}
