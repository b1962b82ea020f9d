import type { Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { gather } from '../kernels/gather.ts';
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
