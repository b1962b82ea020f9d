// A data set in this browser: downloaded or chosen, accepted by its hash, kept where the browser allows it.
import {
  NormalisationSums,
  namedNormalisation,
  normalisationSize,
  serialiseNormalisation,
} from '../../data/normalisation.ts';
import {
  imageBytes,
  type RecordFile,
  type RecordSet,
  recordBytes,
  recordFileBytes,
  recordSetBytes,
  splitRecords,
} from '../../data/record-set.ts';
import { EngineError } from './engine-error.ts';
import { letGo } from './let-go.ts';
import { FileNotOpened, type PrivateFiles } from './private-files.ts';
import type { DataPlace } from './protocol.ts';

/** How far a download or a check has come, bytes of all files. */
export type DataProgress = (what: 'downloading' | 'checking', doneBytes: number, totalBytes: number) => void;

/** Bytes of an archive that are unpacked at a time. */
const pieceBytes = 2 ** 20;
/** A server that sends nothing for so long has failed. */
const stallMs = 30_000;

export class DataStore {
  readonly #files: PrivateFiles | undefined;
  readonly set: RecordSet;
  /** What cannot be kept, by name: gone with the tab. */
  readonly #inTab = new Map<string, Blob>();
  #why = '';

  /** @param files where to keep data, or why that is not possible */
  constructor(files: PrivateFiles | string, set: RecordSet) {
    this.#files = typeof files === 'string' ? undefined : files;
    if (typeof files === 'string') this.#why = `this browser keeps no files for this page (${files})`;
    this.set = set;
  }

  async place(): Promise<DataPlace> {
    const missing = await this.#missing();
    if (missing.length > 0) {
      const canKeep = this.#files !== undefined;
      return {
        place: 'absent',
        missing: this.#bytesOf(missing),
        canKeep,
        ...(this.#why !== '' && { why: this.#why }),
      };
    }
    return this.#inTab.size === 0 ? { place: 'kept' } : { place: 'tab', why: this.#why };
  }

  /** Downloads what is missing, file by file: what is interrupted goes on with the file that was not whole. */
  async download(baseUrl: string, signal: AbortSignal, onProgress: DataProgress): Promise<void> {
    const missing = await this.#missing();
    const total = recordSetBytes(this.set);
    let done = total - this.#bytesOf(missing);
    // One for all files: what is stored is a copy.
    const room = new Uint8Array(Math.max(0, ...missing.map((file) => recordFileBytes(this.set, file))));
    try {
      for (const file of missing) {
        const url = new URL(file.name, baseUrl).href;
        onProgress('downloading', done, total);
        const bytes = room.subarray(0, recordFileBytes(this.set, file));
        await fetchExactly(url, bytes, signal, (fileBytes) =>
          onProgress('downloading', done + fileBytes, total),
        );
        onProgress('checking', done + bytes.length, total);
        const hash = await sha256(bytes);
        if (hash !== file.sha256) throw wrongFile(url, hash, file);
        await this.#put(file, bytes);
        done += bytes.length;
        signal.throwIfAborted();
      }
    } finally {
      letGo(room);
    }
  }

  /** Takes chosen files: the set's files under whatever names, or the archive. @throws EngineError for any other file */
  async take(files: readonly File[], signal: AbortSignal, onProgress: DataProgress): Promise<void> {
    const total = recordSetBytes(this.set);
    let done = 0;
    for (const file of files) {
      signal.throwIfAborted();
      if (await isGzip(file)) {
        await this.#takeArchive(file, signal, (bytes) => {
          onProgress('checking', done, total);
          done += bytes;
        });
      } else {
        onProgress('checking', done, total);
        if (!this.set.files.some((each) => recordFileBytes(this.set, each) === file.size)) {
          throw notTheSet(file.name, file.size, this.set);
        }
        await this.#accept(file.name, new Uint8Array(await file.arrayBuffer()));
        done += file.size;
      }
    }
    const missing = await this.#missing();
    if (missing.length > 0) {
      throw new EngineError('partial', `still missing: ${missing.map(({ name }) => name).join(', ')}`);
    }
  }

  async #takeArchive(file: File, signal: AbortSignal, onFile: (bytes: number) => void): Promise<void> {
    let taken = 0;
    try {
      for await (const { name, bytes } of this.#archive(file)) {
        signal.throwIfAborted();
        if (!name.endsWith('.bin')) continue;
        onFile(bytes.length);
        await this.#accept(`${name} in ${file.name}`, bytes);
        taken++;
      }
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError(
        taken > 0 ? 'partial' : 'wrong-file',
        `${file.name} is no whole archive: ${(error as Error).message}`,
      );
    }
  }

  async remove(): Promise<void> {
    this.#inTab.clear();
    for (const name of (await this.#files?.names()) ?? []) await this.#files?.remove(name);
  }

  /** Answers what `loadDataset` fetches, from here: the files, and the normalisation of the first n training images. */
  async respond(url: string): Promise<Response> {
    const name = url.slice(url.lastIndexOf('/') + 1);
    const count = namedNormalisation(name);
    const blob = count === undefined ? await this.#blob(name) : await this.#normalisation(name, count);
    if (blob === undefined) throw new EngineError('partial', `${name} is not on this device`);
    return new Response(blob);
  }

  /** The first `count` images of the test file, (count, C·H·W) bytes, with their labels. */
  async testImages(count: number): Promise<{ images: Uint8Array<ArrayBuffer>; labels: number[] }> {
    const file = this.set.files.find(({ split }) => split === 'test')!;
    const blob = await this.#blob(file.name);
    if (blob === undefined) throw new EngineError('partial', `${file.name} is not on this device`);
    const records = new Uint8Array(await blob.slice(0, count * recordBytes(this.set)).arrayBuffer());
    const { images, labels } = splitRecords(this.set, records);
    return { images, labels: Array.from(labels) };
  }

  #bytesOf(files: readonly RecordFile[]): number {
    return files.reduce((sum, file) => sum + recordFileBytes(this.set, file), 0);
  }

  async #missing(): Promise<RecordFile[]> {
    const here = await Promise.all(
      this.set.files.map(async ({ name }) => (await this.#blob(name)) !== undefined),
    );
    return this.set.files.filter((_, i) => !here[i]);
  }

  /** A file is stored only after its hash was right; one that was cut while it was stored is shorter. */
  async #blob(name: string): Promise<Blob | undefined> {
    const file = this.set.files.find((each) => each.name === name);
    const kept = await this.#files?.read(name);
    if (file === undefined || kept?.size !== recordFileBytes(this.set, file)) return this.#inTab.get(name);
    this.#inTab.delete(name); // Another tab has stored it since.
    return kept;
  }

  /** The bytes are gone afterwards. */
  async #accept(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const hash = await sha256(bytes);
    const file = this.set.files.find(({ sha256 }) => sha256 === hash);
    // Its name may tell which one it was to be.
    const meant = file ?? this.set.files.find((each) => name.includes(each.name));
    if (meant === undefined) throw notTheSet(name, bytes.length, this.set, hash);
    if (file === undefined) throw wrongFile(name, hash, meant);
    await this.#put(file, bytes);
    letGo(bytes);
  }

  async #put(file: RecordFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      if (this.#files !== undefined) return await this.#files.write(file.name, [bytes]);
    } catch (error) {
      // Another tab may just have stored it whole.
      if (!(error instanceof FileNotOpened)) await this.#files?.remove(file.name);
      this.#why =
        (error as Error).name === 'QuotaExceededError'
          ? 'this browser’s storage is full'
          : `it could not be stored: ${(error as Error).message}`;
    }
    this.#inTab.set(file.name, new Blob([bytes]));
  }

  async *#archive(file: File) {
    // Few choose one.
    const { tarEntries } = await import('./tar-entries.ts');
    const { readable, writable } = new DecompressionStream('gzip');
    void feed(file, writable);
    yield* tarEntries(readable as ReadableStream<Uint8Array<ArrayBuffer>>);
  }

  /** Computed once, then kept beside the files. The same sums as the server's: exact integers until the last division. */
  async #normalisation(name: string, count: number): Promise<Blob> {
    const kept = await this.#files?.read(name);
    if (kept?.size === normalisationSize(imageBytes(this.set))) return kept;
    const sums = new NormalisationSums(imageBytes(this.set));
    for (const file of this.set.files.filter(({ split }) => split === 'train')) {
      const images = Math.min(file.images, count - file.firstImage);
      if (images <= 0) continue;
      const blob = await this.#blob(file.name);
      if (blob === undefined) throw new EngineError('partial', `${file.name} is not on this device`);
      const bytes = new Uint8Array(await blob.arrayBuffer());
      sums.add(bytes, images, recordBytes(this.set), this.set.labels.bytes);
      letGo(bytes);
    }
    const bytes = serialiseNormalisation(sums.finish());
    await this.#files?.write(name, [bytes]).catch(() => {});
    return new Blob([bytes]);
  }
}

/** Writes a file piece by piece. Whoever reads behind `writable` is told of what goes wrong. */
async function feed(file: File, writable: WritableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const writer = writable.getWriter();
  try {
    for (let at = 0; at < file.size; at += pieceBytes) {
      const piece = new Uint8Array(await file.slice(at, at + pieceBytes).arrayBuffer());
      await writer.write(piece);
      letGo(piece);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
  }
}

async function isGzip(file: Blob): Promise<boolean> {
  const [a, b] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return a === 0x1f && b === 0x8b;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const wrongFile = (name: string, hash: string, { sha256 }: RecordFile): EngineError =>
  new EngineError('wrong-file', `${name} is damaged or another file: its SHA-256 is ${hash}, not ${sha256}`);

/** @param hash where its size is right */
function notTheSet(name: string, bytes: number, { title }: RecordSet, hash?: string): EngineError {
  const has = hash === undefined ? `${bytes} bytes, as none of them has` : `the SHA-256 ${hash}`;
  return new EngineError('wrong-file', `${name} is no file of ${title}: it has ${has}`);
}

/** Fills `bytes` with the body at `url`, which must have exactly so many. */
async function fetchExactly(
  url: string,
  bytes: Uint8Array,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { length } = bytes;
  const stall = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stall.abort(new EngineError('offline', `${url} sent nothing for ${stallMs / 1000} s`)),
      stallMs,
    );
  };
  try {
    alive();
    const response = await fetch(url, { signal: AbortSignal.any([signal, stall.signal]) });
    if (!response.ok || response.body === null) {
      const reason = response.status === 404 ? '' : (await response.text()).split('\n', 1)[0]!.slice(0, 200);
      throw new EngineError(
        response.status === 404 ? 'not-served' : 'offline',
        `${url}: HTTP ${response.status}${reason ? `: ${reason}` : ''}`,
      );
    }
    // Servers of applications answer every address with their page.
    if (response.headers.get('Content-Type')?.startsWith('text/html'))
      throw new EngineError('not-served', `${url} is a web page`);
    let done = 0;
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      alive();
      if (done + part.value.length > length)
        throw new EngineError('wrong-file', `${url} has more than ${length} bytes`);
      bytes.set(part.value, done);
      done += part.value.length;
      letGo(part.value);
      onBytes(done);
    }
    if (done < length) throw new EngineError('partial', `${url} ended after ${done} of ${length} bytes`);
  } catch (error) {
    if (signal.aborted) throw new EngineError('stopped', 'the download was cancelled');
    if (stall.signal.aborted) throw stall.signal.reason;
    if (error instanceof EngineError) throw error;
    throw new EngineError('offline', `${url} cannot be reached: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
}
