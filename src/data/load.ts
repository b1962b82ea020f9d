/**
 * Loads the data set over HTTP, in the page's worker: the six record files and the normalisation, as served by
 * files/serve.ts. `streamCifar10` hands on one file at a time, so that a GPU can be filled without holding the whole set;
 * `loadCifar10` keeps everything in memory.
 */

import {
  CIFAR10,
  emptyImages,
  type LabelledImages,
  type RecordFile,
  type RecordSet,
  recordFileBytes,
  type Split,
  splitImages,
  splitRecords,
} from './cifar10.ts';
import { NORMALISATION_BYTES, type Normalisation, parseNormalisation } from './normalisation.ts';
import { splitTraining } from './splits.ts';

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
  /** Address of the folder with the files, e.g. `/cifar10/`. */
  readonly baseUrl: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Aborts loading; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Which files; CIFAR-10 unless a test says otherwise. */
  readonly set?: RecordSet;
}

/**
 * Takes the images of one file: `count` = labels.length images (count, 3072 bytes) of `split`, of which the first has
 * index `firstImage`. The arrays are used again for the next file: copy what is to be kept. If the sink returns a promise,
 * the next file waits for it.
 */
export type ImageSink = (
  split: Split,
  firstImage: number,
  images: Uint8Array<ArrayBuffer>,
  labels: Uint8Array<ArrayBuffer>,
) => void | Promise<void>;

/** Where the files are, for whom: `StreamOptions` and the validation split. */
export interface LoadOptions extends StreamOptions {
  /** Images at the end of the training files that the normalisation leaves out. */
  readonly valSize: number;
}

/** The data set in memory. */
export interface LoadedCifar10 {
  /** All 50,000 training images in canonical order, validation included (splits.ts says where it begins). */
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Of the training split without validation. */
  readonly normalisation: Normalisation;
}

/**
 * Hands the images of each file to `sink`, training files in order, then the test file. At most one file is in memory
 * (twice while it is split: 61 MB).
 *
 * @throws Error naming the address if a response has an error status, ends early, is too long, or holds no records
 */
export async function streamCifar10(options: StreamOptions, sink: ImageSink): Promise<void> {
  const set = options.set ?? CIFAR10;
  const records = new Uint8Array(recordFileBytes(set));
  const piece = emptyImages(set.imagesPerFile);
  for (const [f, file] of set.files.entries()) {
    await readRecordFile(options, set, f, records);
    splitNamed(file, records, piece, 0);
    await sink(file.split, file.firstImage, piece.images, piece.labels);
  }
}

/**
 * Loads the whole data set (184 MB) and the normalisation of its training split.
 *
 * @throws RangeError if valSize is out of range; Error as `streamCifar10` and `loadNormalisation`
 */
export async function loadCifar10(options: LoadOptions): Promise<LoadedCifar10> {
  const set = options.set ?? CIFAR10;
  const normalisation = await loadNormalisation(options, splitTraining(options.valSize).training.count);
  const train = emptyImages(splitImages(set, 'train'));
  const test = emptyImages(splitImages(set, 'test'));
  const records = new Uint8Array(recordFileBytes(set));
  for (const [f, file] of set.files.entries()) {
    await readRecordFile(options, set, f, records);
    splitNamed(file, records, file.split === 'train' ? train : test, file.firstImage);
  }
  return { train, test, normalisation };
}

/**
 * Loads the normalisation of the first `trainingImages` training images.
 * @throws Error naming the address if the response has an error status or does not hold a normalisation
 */
export async function loadNormalisation(
  options: StreamOptions,
  trainingImages: number,
): Promise<Normalisation> {
  const url = addressOf(options, `normalisation-${trainingImages}.f64`);
  const bytes = new Uint8Array(NORMALISATION_BYTES);
  await readExactly(options, url, bytes, () => {});
  try {
    return parseNormalisation(bytes);
  } catch (error) {
    throw new Error(`${url}: ${(error as Error).message}`);
  }
}

/** Reads file `f` of the set, reporting progress over all files. */
async function readRecordFile(
  options: StreamOptions,
  set: RecordSet,
  f: number,
  into: Uint8Array,
): Promise<void> {
  const file = set.files[f]!;
  const before = f * into.length;
  const totalBytes = set.files.length * into.length;
  await readExactly(options, addressOf(options, file.name), into, (bytes) => {
    options.onProgress?.({ file: file.name, doneBytes: before + bytes, totalBytes });
  });
}

function splitNamed(file: RecordFile, records: Uint8Array, into: LabelledImages, firstImage: number): void {
  try {
    splitRecords(records, into, firstImage);
  } catch (error) {
    throw new Error(`${file.name}: ${(error as Error).message}`);
  }
}

/** Fills `into` with the body at `url`; a body of any other length is an error. */
async function readExactly(
  options: StreamOptions,
  url: string,
  into: Uint8Array,
  onBytes: (doneBytes: number) => void,
): Promise<void> {
  const fetchFrom = options.fetch ?? ((address, init) => fetch(address, init));
  const response = await fetchFrom(url, options.signal ? { signal: options.signal } : {});
  if (!response.ok || !response.body) {
    const reason = (await response.text()).split('\n', 1)[0]!.slice(0, 300);
    throw new Error(`${url}: HTTP ${response.status}${reason ? `: ${reason}` : ''}`);
  }
  const reader = response.body.getReader();
  let done = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (done + part.value.length > into.length) {
      await reader.cancel();
      throw new Error(`${url}: more than the ${into.length} bytes expected`);
    }
    into.set(part.value, done);
    done += part.value.length;
    onBytes(done);
  }
  if (done !== into.length) throw new Error(`${url}: ended after ${done} of ${into.length} bytes`);
}

function addressOf({ baseUrl }: StreamOptions, name: string): string {
  return `${baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl}/${name}`;
}
