import { letGo } from './let-go.ts';

/** A file of a tar archive. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const blockBytes = 512;
const nameBytes = 100;
/** Larger files are passed over: none of the data set's is. */
const mostBytes = 64 * 2 ** 20;

/**
 * The regular files of a tar archive (POSIX ustar), one after the other; at most one is in memory.
 * @throws Error where the stream is no archive or ends within a file
 */
export async function* tarEntries(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<TarEntry> {
  const read = exactReader(stream);
  for (;;) {
    const header = await read(blockBytes);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    const name = textOf(header.subarray(0, nameBytes));
    const size = Number.parseInt(textOf(header.subarray(124, 136)), 8);
    if (textOf(header.subarray(257, 262)) !== 'ustar' || !Number.isSafeInteger(size) || size < 0) {
      throw new Error('it is not a tar archive');
    }
    const kind = String.fromCharCode(header[156]!);
    const padded = Math.ceil(size / blockBytes) * blockBytes;
    if (size > mostBytes) throw new Error(`${name} in it has ${size} bytes`);
    const bytes = await read(size);
    if (bytes === undefined || (await read(padded - size)) === undefined) {
      throw new Error(`it ends within ${name}`);
    }
    if (kind === '0' || kind === '\0') yield { name, bytes };
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0.*$/s, '').trim();

/** Reads exactly so many bytes; undefined where the stream has ended before them. */
function exactReader(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = stream.getReader();
  let piece: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  let at = 0;
  return async (count: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      if (at === piece.length) {
        letGo(piece);
        const { done, value } = await reader.read();
        if (done) return undefined;
        piece = value;
        at = 0;
      }
      const part = piece.subarray(at, at + count - filled);
      bytes.set(part, filled);
      filled += part.length;
      at += part.length;
    }
    return bytes;
  };
}
