import { IMAGE_BYTES, TEST_IMAGES, TRAIN_IMAGES } from '../data/cifar10.ts';
import { loadNormalisation, type StreamOptions, streamCifar10 } from '../data/load.ts';
import type { Normalisation } from '../data/normalisation.ts';
import type { TrainingSplits } from '../data/splits.ts';
import type { Gpu } from '../gpu/device.ts';
import { Allocator, alignTo, type Tensor } from '../gpu/tensor.ts';

/** Images and labels on the GPU, as bytes. */
export interface GpuImages {
  readonly count: number;
  /** Images in `imagesA`; the others are in `imagesB`. */
  readonly shardImages: number;
  readonly imagesA: Tensor;
  readonly imagesB: Tensor;
  readonly labels: Tensor;
}

/** Both splits, and the normalisation of the training split: (2, 3072), scale = 1/(255 std) and offset = -mean/std. */
export interface GpuDataset {
  readonly train: GpuImages;
  readonly test: GpuImages;
  readonly normalisation: Tensor;
  /** Bytes of GPU memory. */
  readonly sizeBytes: number;
  destroy(): void;
}

/**
 * Cuts the training images into those to train on and, at the end, `valSize` for validation.
 * @throws Error where less than one batch is left to train on
 */
export function trainingSplits({ train }: GpuDataset, valSize: number, batchSize: number): TrainingSplits {
  const count = train.count - valSize;
  if (!Number.isInteger(valSize) || valSize < 0 || count < batchSize) {
    throw new Error(
      `of ${train.count} training images, ${valSize} for validation leave less than one batch of ${batchSize}`,
    );
  }
  return { training: { firstImage: 0, count }, validation: { firstImage: count, count: valSize } };
}

/** Makes the buffers of a split, in two shards where one binding cannot hold it. */
function makeImages(gpu: Gpu, allocator: Allocator, name: string, count: number): GpuImages {
  const limits = gpu.device.limits;
  const fits = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) >= count * IMAGE_BYTES;
  const shardImages = fits ? count : alignTo(Math.ceil(count / 2), 4);
  const words = IMAGE_BYTES / 4;
  const imagesA = allocator.tensor(`${name} images`, shardImages * words);
  return {
    count,
    shardImages,
    imagesA,
    imagesB: fits ? imagesA : allocator.tensor(`${name} images, second shard`, (count - shardImages) * words),
    labels: allocator.tensor(`${name} labels`, Math.ceil(count / 4)),
  };
}

/** Writes images (n, 3072) and labels from image `first` on. */
function writeImages(
  gpu: Gpu,
  into: GpuImages,
  first: number,
  images: Uint8Array<ArrayBuffer>,
  labels: Uint8Array<ArrayBuffer>,
): void {
  const { queue } = gpu.device;
  const inA = Math.max(0, Math.min(labels.length, into.shardImages - first));
  const bytesA = inA * IMAGE_BYTES;
  if (inA > 0) queue.writeBuffer(into.imagesA.buffer, first * IMAGE_BYTES, images, 0, bytesA);
  if (inA < labels.length) {
    const place = (first + inA - into.shardImages) * IMAGE_BYTES;
    queue.writeBuffer(into.imagesB.buffer, place, images, bytesA, images.length - bytesA);
  }
  const padded = new Uint8Array(alignTo(labels.length, 4));
  padded.set(labels);
  queue.writeBuffer(into.labels.buffer, first, padded);
}

/** Scale and offset, rounded once to f32, such that x = byte · scale + offset. */
export function scaleAndOffset({ mean, std }: Normalisation): Float32Array<ArrayBuffer> {
  const table = new Float32Array(2 * IMAGE_BYTES);
  for (let i = 0; i < IMAGE_BYTES; i++) {
    table[i] = 1 / (255 * std[i]!);
    table[IMAGE_BYTES + i] = -mean[i]! / std[i]!;
  }
  return table;
}

/** The images of a data set that is not CIFAR-10 over HTTP: tests and benches make their own. */
export interface ImageArrays {
  /** (n, 3072) bytes; n a multiple of 4. */
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Uploads arrays. */
export function uploadDataset(
  gpu: Gpu,
  train: ImageArrays,
  test: ImageArrays,
  normalisation: Normalisation,
): GpuDataset {
  const allocator = new Allocator(gpu);
  const put = (name: string, { images, labels }: ImageArrays) => {
    const made = makeImages(gpu, allocator, name, labels.length);
    writeImages(gpu, made, 0, images, labels);
    return made;
  };
  return finish(gpu, allocator, put('training', train), put('test', test), normalisation);
}

/**
 * Streams CIFAR-10 from the server into GPU buffers, file by file.
 * @throws Error naming the address that failed; GpuError where the buffers do not fit.
 */
export async function loadDataset(
  gpu: Gpu,
  options: StreamOptions,
  trainingImages: number,
): Promise<GpuDataset> {
  const normalisation = await loadNormalisation(options, trainingImages);
  const allocator = new Allocator(gpu);
  const splits = {
    train: makeImages(gpu, allocator, 'training', TRAIN_IMAGES),
    test: makeImages(gpu, allocator, 'test', TEST_IMAGES),
  };
  await streamCifar10(options, (split, first, images, labels) => {
    writeImages(gpu, splits[split], first, images, labels);
  });
  gpu.check();
  return finish(gpu, allocator, splits.train, splits.test, normalisation);
}

function finish(
  gpu: Gpu,
  allocator: Allocator,
  train: GpuImages,
  test: GpuImages,
  normalisation: Normalisation,
): GpuDataset {
  const table = allocator.tensor('normalisation', 2 * IMAGE_BYTES);
  gpu.device.queue.writeBuffer(table.buffer, 0, scaleAndOffset(normalisation));
  return {
    train,
    test,
    normalisation: table,
    sizeBytes: allocator.sizeBytes,
    destroy: () => allocator.destroy(),
  };
}
