import type { Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { gather } from '../kernels/gather.ts';
import { gatherRows } from '../kernels/gather-rows.ts';
import { featuresOf, paddedWidth } from '../nn/layers/layer.ts';
import type { GpuDataset, GpuSplit } from './dataset.ts';

/** What a gather reads its samples from and writes them to. */
export interface GatherTensors {
  /** (R, samples per epoch) or shared: entries of sample-order.ts. */
  readonly order: Tensor;
  readonly counters: Tensor;
  /** (R, B, input padded) */
  readonly x: Tensor;
  readonly labels: Tensor;
}

export interface GatherOptions {
  readonly label: string;
  readonly dataset: GpuDataset;
  /** One of the data set's. */
  readonly split: GpuSplit;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** Samples may carry crop offsets. */
  readonly crop?: boolean;
}

/** Elements of x that a sample takes. */
export const sampleSize = ({ input }: GpuDataset): number => paddedWidth(featuresOf(input));

/** x and labels of the step's batch: sample `step mod stepsPerEpoch · B + row` of the order. */
export function gatherCall(
  { label, dataset, split, batchSize: B, stepsPerEpoch, crop = false }: GatherOptions,
  { order, counters, x, labels }: GatherTensors,
): KernelCall {
  const common = { B, ORDER: order.size, STEPS_PER_EPOCH: stepsPerEpoch } as const;
  if (split.kind === 'rows') {
    const tensors = { rows: split.rows, rowLabels: split.labels, order, counters, x, labels };
    return call(label, gatherRows, { ...common, LD: sampleSize(dataset) }, tensors);
  }
  const { imagesA, imagesB, shardImages, labels: imageLabels, normalisation, image } = split;
  const shape = {
    ...common,
    SHARD_IMAGES: shardImages,
    CROP: crop ? 1 : 0,
    C: image.channels,
    H: image.height,
    W: image.width,
  } as const;
  const tensors = { imagesA, imagesB, imageLabels, normalisation, order, counters, x, labels };
  return call(label, gather, shape, tensors);
}
