/**
 * Loads a data set over HTTP, in the page's worker: its record files and the normalisation, as served by files/serve.ts.
 * A piece of a file is handed on at a time, so that a GPU can be filled without holding the whole set.
 */

import { type Normalisation, normalisationSize, parseNormalisation, perChannel } from './normalisation.ts';
import {
  emptyImages,
  imageBytes,
  type RecordSet,
  recordBytes,
  recordFileBytes,
  recordSetBytes,
  type Split,
  splitRecords,
} from './record-set.ts';

/** How far loading has come. */
export interface LoadProgress {
  /** Name of the file being read. */
  readonly file: string;
  /** Bytes of all files so far, and in total. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Where to load from, and how. */
export interface StreamOptions {
  /** Address of the folder with the files, e.g. `/data/cifar10/`. */
  readonly baseUrl: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Aborts loading; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Takes some images: `count` = labels.length images (count, C·H·W bytes) of `split`, of which the first has index `firstImage`, a multiple of 4
 * within a file. If the sink returns a promise, the next piece waits for it.
 */
export type ImageSink = (
  split: Split,
  firstImage: number,
  images: Uint8Array<ArrayBuffer>,
  labels: Uint8Array<ArrayBuffer>,
) => void | Promise<void>;

/** Images in memory at a time, twice while they are split: 61 MB of CIFAR-10. */
const pieceImages = 10_000;

/**
 * Hands the images of each file to `sink`, in the order of the files, up to 10,000 at a time.
 * @throws Error naming the address if a response has an error status, ends early, is too long, or holds no records
 */
export async function streamImages(set: RecordSet, options: StreamOptions, sink: ImageSink): Promise<void> {
  const totalBytes = recordSetBytes(set);
  let before = 0;
  for (const file of set.files) {
    const sizeBytes = recordFileBytes(set, file);
    const body = await openBody(options, file.name, sizeBytes, (bytes) => {
      options.onProgress?.({ file: file.name, doneBytes: before + bytes, totalBytes });
    });
    for (let first = 0; first < file.images; first += pieceImages) {
      const count = Math.min(pieceImages, file.images - first);
      const records = await body.take(count * recordBytes(set));
      const piece = emptyImages(set, count);
      try {
        splitRecords(set, records, piece);
      } catch (error) {
        throw new Error(`${file.name}: ${(error as Error).message}`);
      }
      await sink(file.split, file.firstImage + first, piece.images, piece.labels);
    }
    await body.end();
    before += sizeBytes;
  }
}

/**
 * Loads the normalisation of the first `trainingImages` training images, `by` pixel or channel.
 * @throws Error naming the address if the response has an error status or does not hold a normalisation
 */
export async function loadNormalisation(
  set: Pick<RecordSet, 'image'>,
  options: StreamOptions,
  trainingImages: number,
  by: 'pixel' | 'channel' = 'pixel',
): Promise<Normalisation> {
  const name = `normalisation-${trainingImages}.f64`;
  const sizeBytes = normalisationSize(imageBytes(set));
  const body = await openBody(options, name, sizeBytes, () => {});
  const bytes = await body.take(sizeBytes);
  await body.end();
  try {
    const perPixel = parseNormalisation(bytes, imageBytes(set));
    return by === 'channel' ? perChannel(perPixel, set.image.channels) : perPixel;
  } catch (error) {
    throw new Error(`${addressOf(options, name)}: ${(error as Error).message}`);
  }
}

/** The body of an answer, of which so many bytes are expected. */
interface ExpectedBody {
  /** The next bytes. @throws Error where the body ends before */
  take(bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws Error where there is more */
  end(): Promise<void>;
}

async function openBody(
  options: StreamOptions,
  name: string,
  sizeBytes: number,
  onBytes: (doneBytes: number) => void,
): Promise<ExpectedBody> {
  const url = addressOf(options, name);
  const fetchFrom = options.fetch ?? ((address, init) => fetch(address, init));
  const response = await fetchFrom(url, options.signal ? { signal: options.signal } : {});
  if (!response.ok || !response.body) {
    const reason = (await response.text()).split('\n', 1)[0]!.slice(0, 300);
    throw new Error(`${url}: HTTP ${response.status}${reason ? `: ${reason}` : ''}`);
  }
  const reader = response.body.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  let done = 0;
  const next = async (): Promise<boolean> => {
    const part = await reader.read();
    if (part.done) return false;
    rest = part.value;
    done += rest.length;
    if (done > sizeBytes) {
      await reader.cancel();
      throw new Error(`${url}: more than the ${sizeBytes} bytes expected`);
    }
    onBytes(done);
    return true;
  };
  return {
    async take(bytes) {
      const taken = new Uint8Array(bytes);
      for (let at = 0; at < bytes; ) {
        if (rest.length === 0 && !(await next())) {
          throw new Error(`${url}: ended after ${done} of ${sizeBytes} bytes`);
        }
        const part = rest.subarray(0, bytes - at);
        taken.set(part, at);
        at += part.length;
        rest = rest.subarray(part.length);
      }
      return taken;
    },
    async end() {
      while (await next()) {
        // What comes is empty, or too much.
      }
    },
  };
}

function addressOf({ baseUrl }: StreamOptions, name: string): string {
  return `${baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl}/${name}`;
}
