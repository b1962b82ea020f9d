// The body of an answer, read into memory that is used again: what is read into fresh memory costs a page fault for every 4 KB.

/** A body of which so many bytes are expected. */
export interface ExpectedBody {
  /**
   * Fills `into` with the next bytes and returns it, under another name where its memory has changed hands: `into` itself is not to be used again.
   * @throws Error where the body ends before
   */
  take(into: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws Error where there is more */
  end(): Promise<void>;
}

/**
 * Answers whose bodies are not at their end. Chrome (156.0.8078.108) forgets the body of a Blob that is read into given memory and whose `Response`
 * nobody holds: after a garbage collection a read never ends.
 */
const held = new Set<Response>();

/** @throws Error naming the address if the answer has an error status */
export async function expectedBody(
  response: Response,
  { url, sizeBytes, onBytes }: { url: string; sizeBytes: number; onBytes: (doneBytes: number) => void },
): Promise<ExpectedBody> {
  if (!response.ok || !response.body) {
    const reason = (await response.text()).split('\n', 1)[0]!.slice(0, 300);
    throw new Error(`${url}: HTTP ${response.status}${reason ? `: ${reason}` : ''}`);
  }
  const source = ownMemory(response.body) ?? streamsMemory(response.body);
  let done = 0;
  held.add(response);
  const read: ByteSource['read'] = async (into, at) => {
    try {
      const part = await source.read(into, at);
      if (part === undefined) held.delete(response);
      return part;
    } catch (error) {
      held.delete(response);
      throw error;
    }
  };
  return {
    async take(into) {
      let taken = into;
      for (let at = 0; at < taken.length; ) {
        const part = await read(taken, at);
        if (part === undefined) throw new Error(`${url}: ended after ${done} of ${sizeBytes} bytes`);
        at += part.count;
        done += part.count;
        taken = part.into;
        onBytes(done);
      }
      return taken;
    },
    async end() {
      if ((await read(new Uint8Array(1), 0)) === undefined) return;
      held.delete(response);
      await source.cancel();
      throw new Error(`${url}: more than the ${sizeBytes} bytes expected`);
    },
  };
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
