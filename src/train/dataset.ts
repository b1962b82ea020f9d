import { datasetOf } from '../data/datasets/index.ts';
import { loadNormalisation, type StreamOptions, streamImages } from '../data/load.ts';
import type { Normalisation } from '../data/normalisation.ts';
import { type ImageSize, type RecordSet, type Split, splitImages } from '../data/record-set.ts';
import { splitTraining, type TrainingSplits } from '../data/splits.ts';
import type { Gpu } from '../gpu/device.ts';
import { Allocator, alignTo, type Tensor } from '../gpu/tensor.ts';
import { featuresOf, paddedWidth, type SampleShape } from '../nn/layers/layer.ts';
import type { TrainSettings } from './settings.ts';

/** Images and labels on the GPU, as bytes. */
export interface GpuImages {
  readonly kind: 'images';
  readonly count: number;
  readonly image: ImageSize;
  /** Images with a lower index are in `imagesA`, the others in `imagesB`. */
  readonly shardImages: number;
  readonly imagesA: Tensor;
  readonly imagesB: Tensor;
  readonly labels: Tensor;
  /** (2, values of an image, padded): scale = 1/(255 std), then offset = -mean/std, of the training split. */
  readonly normalisation: Tensor;
}

/** Rows of numbers and labels on the GPU: float32, as they are. */
export interface GpuRows {
  readonly kind: 'rows';
  readonly count: number;
  /** (count, values padded) */
  readonly rows: Tensor;
  readonly labels: Tensor;
}

export type GpuSplit = GpuImages | GpuRows;

/** Samples to train on and to test with. */
export interface SampleSplits {
  /** What a net of them is given. */
  readonly input: SampleShape;
  readonly classes: number;
  readonly train: GpuSplit;
  readonly test: GpuSplit;
}

/** A data set on the GPU. */
export interface GpuDataset extends SampleSplits {
  /** Where it is. */
  readonly device: GPUDevice;
  /** Bytes of GPU memory. */
  readonly sizeBytes: number;
  /** Resolves when the samples are in the buffers; rejects with what went wrong on their way. Steps may be recorded and compiled before. */
  readonly arrived: Promise<void>;
  /** Frees its buffers; on their way, the samples arrive no more. */
  destroy(): void;
}

/**
 * Cuts the training samples into those to train on and, at the end, `valSize` for validation.
 * @throws RangeError where less than one batch is left to train on
 */
export const trainingSplits = ({ train }: GpuDataset, valSize: number, batchSize: number): TrainingSplits =>
  splitTraining(train.count, valSize, batchSize);

/** Bytes that an image takes on the GPU: whole words. */
export const storedBytes = (image: ImageSize): number => alignTo(featuresOf(image), 4);

/** Makes the buffers of a split, in two shards where one binding cannot hold it. */
export function makeImages(
  gpu: Gpu,
  allocator: Allocator,
  {
    name,
    count,
    image,
    normalisation,
    leastShard = 0,
  }: Pick<GpuImages, 'count' | 'image' | 'normalisation'> & {
    readonly name: string;
    /** Said of a single shard: shaders know it as a number, and two splits of which it is the same share their texts. */
    readonly leastShard?: number;
  },
): GpuImages {
  const limits = gpu.device.limits;
  const bytes = storedBytes(image);
  const fits = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) >= count * bytes;
  const inA = fits ? count : alignTo(Math.ceil(count / 2), 4);
  const imagesA = allocator.tensor(`${name} images`, (inA * bytes) / 4);
  return {
    kind: 'images',
    count,
    image,
    normalisation,
    shardImages: fits ? Math.max(count, leastShard) : inA,
    imagesA,
    imagesB: fits ? imagesA : allocator.tensor(`${name} images, second shard`, ((count - inA) * bytes) / 4),
    labels: allocator.tensor(`${name} labels`, Math.ceil(count / 4)),
  };
}

/** Writes labels into the first places. */
function writeLabels({ device: { queue } }: Gpu, into: Tensor, labels: Uint8Array): void {
  const padded = new Uint8Array(alignTo(labels.length, 4));
  padded.set(labels);
  queue.writeBuffer(into.buffer, 0, padded);
}

/** Writes images (n, C·H·W) and their labels into the first places. */
export function writeImages(gpu: Gpu, into: GpuImages, { images, labels }: ImageArrays): void {
  writePixels(gpu, into, 0, images);
  writeLabels(gpu, into.labels, labels);
}

/** Writes images (n, C·H·W) from image `first` on. */
function writePixels(
  { device: { queue } }: Gpu,
  into: GpuImages,
  first: number,
  images: Uint8Array<ArrayBuffer>,
): void {
  const bytes = storedBytes(into.image);
  const stored = wholeWords(images, featuresOf(into.image), bytes);
  const count = stored.length / bytes;
  const inA = Math.max(0, Math.min(count, into.shardImages - first));
  const bytesA = inA * bytes;
  if (inA > 0) queue.writeBuffer(into.imagesA.buffer, first * bytes, stored, 0, bytesA);
  if (inA < count) {
    const place = (first + inA - into.shardImages) * bytes;
    queue.writeBuffer(into.imagesB.buffer, place, stored, bytesA, stored.length - bytesA);
  }
}

/** Images of `size` bytes, each padded to `bytes`. */
function wholeWords(images: Uint8Array<ArrayBuffer>, size: number, bytes: number): Uint8Array<ArrayBuffer> {
  if (size === bytes) return images;
  const padded = new Uint8Array((images.length / size) * bytes);
  for (let i = 0; i * size < images.length; i++) {
    padded.set(images.subarray(i * size, (i + 1) * size), i * bytes);
  }
  return padded;
}

/** Scale and offset, rounded once to f32, such that x = byte · scale + offset; rows padded with zeros. */
export function scaleAndOffset({ mean, std }: Normalisation): Float32Array<ArrayBuffer> {
  const ld = paddedWidth(mean.length);
  const table = new Float32Array(2 * ld);
  for (let i = 0; i < mean.length; i++) {
    table[i] = 1 / (255 * std[i]!);
    table[ld + i] = -mean[i]! / std[i]!;
  }
  return table;
}

/** Images in memory. */
export interface ImageArrays {
  /** (n, C·H·W) bytes, channel by channel, row by row. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** (n), below the number of classes. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** A data set of images in memory. */
export interface ImageDatasetArrays {
  readonly image: ImageSize;
  readonly classes: number;
  readonly train: ImageArrays;
  readonly test: ImageArrays;
  readonly normalisation: Normalisation;
}

/** Uploads images. */
export function uploadDataset(gpu: Gpu, arrays: ImageDatasetArrays): GpuDataset {
  const { image, classes } = arrays;
  return uploading(gpu, (allocator) => {
    const normalisation = normalisationTensor(gpu, allocator, arrays.normalisation);
    const put = (name: string, split: ImageArrays, leastShard?: number) => {
      const count = split.labels.length;
      const shard = leastShard === undefined ? {} : { leastShard };
      const made = makeImages(gpu, allocator, { name, count, image, normalisation, ...shard });
      writeImages(gpu, made, split);
      return made;
    };
    const train = put('training', arrays.train);
    const test = put('test', arrays.test, train.shardImages);
    return { input: image, classes, train, test };
  });
}

/** Rows in memory. */
export interface RowArrays {
  /** (n, features), as the net is to see them. */
  readonly rows: Float32Array;
  /** (n), below the number of classes. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** A data set of rows in memory. */
export interface RowDatasetArrays {
  readonly features: number;
  readonly classes: number;
  readonly train: RowArrays;
  readonly test: RowArrays;
}

/** Makes the buffers of `count` rows. */
export const makeRows = (allocator: Allocator, name: string, count: number, features: number): GpuRows => ({
  kind: 'rows',
  count,
  rows: allocator.tensor(`${name} rows`, count * paddedWidth(features)),
  labels: allocator.tensor(`${name} labels`, Math.ceil(count / 4)),
});

/** Writes rows (n, features) and labels from the first on. */
export function writeRows(gpu: Gpu, into: GpuRows, features: number, { rows, labels }: RowArrays): void {
  const ld = paddedWidth(features);
  const padded = new Float32Array(labels.length * ld);
  for (let i = 0; i < labels.length; i++) padded.set(rows.subarray(i * features, (i + 1) * features), i * ld);
  gpu.device.queue.writeBuffer(into.rows.buffer, 0, padded);
  writeLabels(gpu, into.labels, labels);
}

/** Uploads rows. */
export function uploadRows(gpu: Gpu, { features, classes, train, test }: RowDatasetArrays): GpuDataset {
  return uploading(gpu, (allocator) => {
    const put = (name: string, arrays: RowArrays): GpuRows => {
      const split = makeRows(allocator, name, arrays.labels.length, features);
      writeRows(gpu, split, features, arrays);
      return split;
    };
    return { input: { features }, classes, train: put('training', train), test: put('test', test) };
  });
}

/** What images are normalised by: the first so many training images, each pixel or each channel. */
export interface NormalisedBy {
  readonly trainingImages: number;
  /** `pixel` unless given. */
  readonly by?: 'pixel' | 'channel' | undefined;
}

/**
 * Streams a data set from its server into GPU buffers, piece by piece: `arrived` tells the end, or Error naming the address that failed, or GpuError
 * where the buffers do not fit; `destroy` frees those that are there, then too.
 */
export function loadDataset(
  gpu: Gpu,
  set: RecordSet,
  options: StreamOptions,
  { trainingImages, by = 'pixel' }: NormalisedBy,
): GpuDataset {
  const allocator = new Allocator(gpu);
  const { image } = set;
  const normalisation = allocator.tensor('normalisation', 2 * paddedWidth(featuresOf(image)));
  const make = (name: string, split: Split, leastShard?: number) =>
    makeImages(gpu, allocator, {
      name,
      count: splitImages(set, split),
      image,
      normalisation,
      ...(leastShard !== undefined && { leastShard }),
    });
  const train = make('training', 'train');
  const splits = { train, test: make('test', 'test', train.shardImages) };
  const load = async () => {
    const values = await loadNormalisation(set, options, trainingImages, by);
    gpu.device.queue.writeBuffer(normalisation.buffer, 0, scaleAndOffset(values));
    const labelsOf = { train: new Uint8Array(train.count), test: new Uint8Array(splits.test.count) };
    await streamImages(set, options, (split, first, images, labels) => {
      writePixels(gpu, splits[split], first, images);
      labelsOf[split].set(labels, first);
    });
    for (const split of ['train', 'test'] as const) writeLabels(gpu, splits[split].labels, labelsOf[split]);
    gpu.check();
  };
  return made(gpu, allocator, { input: image, classes: set.classNames.length, ...splits, arrived: load() });
}

/** Streams the data set of a run's settings, normalised for its training split. */
export function loadSettingsDataset(
  gpu: Gpu,
  { valSize, normalisation, ...settings }: TrainSettings,
  options: StreamOptions,
): GpuDataset {
  const set = datasetOf(settings);
  return loadDataset(gpu, set, options, {
    trainingImages: splitImages(set, 'train') - valSize,
    by: normalisation,
  });
}

export function normalisationTensor(gpu: Gpu, allocator: Allocator, normalisation: Normalisation): Tensor {
  const table = scaleAndOffset(normalisation);
  const tensor = allocator.tensor('normalisation', table.length);
  gpu.device.queue.writeBuffer(tensor.buffer, 0, table);
  return tensor;
}

/** What is made and written at once. Where that fails, its buffers are freed. */
function uploading(gpu: Gpu, make: (allocator: Allocator) => Made): GpuDataset {
  const allocator = new Allocator(gpu);
  try {
    return made(gpu, allocator, make(allocator));
  } catch (error) {
    allocator.destroy();
    throw error;
  }
}

type Made = Omit<GpuDataset, 'device' | 'sizeBytes' | 'destroy' | 'arrived'> & {
  readonly arrived?: Promise<void>;
};

function made(
  { device }: Gpu,
  allocator: Allocator,
  { arrived = Promise.resolve(), ...rest }: Made,
): GpuDataset {
  arrived.catch(() => {}); // Whoever awaits it gets it.
  return {
    ...rest,
    device,
    arrived,
    get sizeBytes() {
      return allocator.sizeBytes;
    },
    destroy: () => allocator.destroy(),
  };
}
