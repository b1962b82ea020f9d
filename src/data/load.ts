/**
 * Loads a data set over HTTP, in the page's worker: its record files and the normalisation, as served by files/serve.ts.
 * A piece of a file is handed on at a time, so that a GPU can be filled without holding the whole set.
 */

import { type Expected, expectedBody, type TakeBytes } from './expected-body.ts';
import {
  type Normalisation,
  normalisationName,
  normalisationSize,
  parseNormalisation,
  perChannel,
} from './normalisation.ts';
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

/** Bytes of records in memory at a time: what the queue of a GPU takes at once (larger writes are copied twice as often), and the caches hold. */
const pieceBytes = 2 ** 20;

/**
 * Hands the images of each file to `sink`, in the order of the files, about a megabyte at a time. The arrays are used again for the next piece: copy
 * what is to be kept.
 * @throws Error naming the address if a response has an error status, ends early, is too long, or holds no records
 */
export async function streamImages(set: RecordSet, options: StreamOptions, sink: ImageSink): Promise<void> {
  const totalBytes = recordSetBytes(set);
  const pieceImages = Math.max(4, 4 * Math.floor(pieceBytes / recordBytes(set) / 4));
  const whole = emptyImages(set, pieceImages);
  let memory = new Uint8Array(pieceImages * recordBytes(set));
  let before = 0;
  for (const file of set.files) {
    const sizeBytes = recordFileBytes(set, file);
    const onBytes = (bytes: number) => {
      options.onProgress?.({ file: file.name, doneBytes: before + bytes, totalBytes });
    };
    await read(options, { name: file.name, sizeBytes, onBytes }, async (take) => {
      for (let first = 0; first < file.images; first += pieceImages) {
        const count = Math.min(pieceImages, file.images - first);
        const records = await take(memory.subarray(0, count * recordBytes(set)));
        memory = new Uint8Array(records.buffer);
        const piece = {
          images: whole.images.subarray(0, count * imageBytes(set)),
          labels: whole.labels.subarray(0, count),
        };
        try {
          splitRecords(set, records, piece);
        } catch (error) {
          throw new Error(`${file.name}: ${(error as Error).message}`);
        }
        await sink(file.split, file.firstImage + first, piece.images, piece.labels);
      }
    });
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
  const name = normalisationName(trainingImages);
  const sizeBytes = normalisationSize(imageBytes(set));
  const bytes = await read(options, { name, sizeBytes }, (take) => take(new Uint8Array(sizeBytes)));
  try {
    const perPixel = parseNormalisation(bytes, imageBytes(set));
    return by === 'channel' ? perChannel(perPixel, set.image.channels) : perPixel;
  } catch (error) {
    throw new Error(`${addressOf(options, name)}: ${(error as Error).message}`);
  }
}

async function read<T>(
  options: StreamOptions,
  { name, ...expected }: Omit<Expected, 'url'> & { readonly name: string },
  use: (take: TakeBytes) => Promise<T>,
): Promise<T> {
  const url = addressOf(options, name);
  const fetchFrom = options.fetch ?? ((address, init) => fetch(address, init));
  const response = await fetchFrom(url, options.signal ? { signal: options.signal } : {}).catch(
    (error: Error) => {
      // Whoever replaces fetch has errors of their own, and an abort has its reason. Node says `fetch failed`, and why in the cause.
      if (!(error instanceof TypeError)) throw error;
      throw new Error(`${url}: ${((error.cause as Error | undefined) ?? error).message}`);
    },
  );
  return expectedBody(response, { url, ...expected }, use);
}

function addressOf({ baseUrl }: StreamOptions, name: string): string {
  return `${baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl}/${name}`;
}
