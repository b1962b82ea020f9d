import { IMAGE_BYTES } from '../data/cifar10.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { gather } from '../kernels/gather.ts';
import { gatherLabels } from '../kernels/gather-labels.ts';
import type { ImageInput } from '../nn/image-input.ts';
import type { GpuDataset, GpuImages } from './dataset.ts';

/** What a gather reads its samples from and writes them to. */
export interface GatherTensors {
  /** (R, samples per epoch) or shared: entries of sample-order.ts. */
  readonly order: Tensor;
  readonly counters: Tensor;
  readonly x: Tensor;
  readonly labels: Tensor;
}

/** x and labels of the step's batch: sample `step mod stepsPerEpoch · B + row` of the order. */
export function gatherCall(
  label: string,
  { normalisation }: GpuDataset,
  images: GpuImages,
  { order, counters, x, labels }: GatherTensors,
  B: number,
  stepsPerEpoch: number,
  crop: boolean,
): KernelCall {
  const shape = {
    B,
    ORDER: order.size,
    STEPS_PER_EPOCH: stepsPerEpoch,
    SHARD_IMAGES: images.shardImages,
    CROP: crop ? 1 : 0,
  } as const;
  const { imagesA, imagesB, labels: imageLabels } = images;
  const tensors = { imagesA, imagesB, imageLabels, normalisation, order, counters, x, labels };
  return call(label, gather, shape, tensors);
}

/** How the images of a training step reach the first layer. */
export interface TrainingInput {
  readonly x: Tensor | ImageInput;
  /** What must run before the first layer. */
  readonly calls: readonly KernelCall[];
}

/**
 * The input of a training step. `fused`: the first layer reads the bytes itself and x never exists; crops need the
 * separate gather.
 */
export function trainingInput(
  allocator: Allocator,
  dataset: GpuDataset,
  { order, counters, labels }: Omit<GatherTensors, 'x'>,
  B: number,
  stepsPerEpoch: number,
  { crop, fused }: { readonly crop: boolean; readonly fused: boolean },
): TrainingInput {
  const { train, normalisation } = dataset;
  if (!fused) {
    const x = allocator.tensor('x', B * IMAGE_BYTES, order.replicas);
    return {
      x,
      calls: [gatherCall('gather', dataset, train, { order, counters, x, labels }, B, stepsPerEpoch, crop)],
    };
  }
  const { imagesA, imagesB, shardImages, count, labels: imageLabels } = train;
  const shape = { ORDER: order.size, STEPS_PER_EPOCH: stepsPerEpoch };
  return {
    x: {
      tensors: { imagesA, imagesB, normalisation, order, counters },
      shape: { ...shape, SHARD_IMAGES: shardImages, SHARDED: shardImages < count ? 1 : 0 },
    },
    calls: [call('gather labels', gatherLabels, { B, ...shape }, { imageLabels, order, counters, labels })],
  };
}
