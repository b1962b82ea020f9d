import type { Tensor } from '../gpu/tensor.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { gather } from '../kernels/gather.ts';
import { gatherNhwc } from '../kernels/gather-nhwc.ts';
import { gatherRows } from '../kernels/gather-rows.ts';
import { type SampleShape, storedSize } from '../nn/layers/layer.ts';
import type { GpuSplit } from './dataset.ts';

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
  /** One of the data set's. */
  readonly split: GpuSplit;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** What the net's first layer is given (`inputOf`): an image channels last, or a row. */
  readonly input: SampleShape;
  /** Samples may carry crop offsets. */
  readonly crop?: boolean;
  /** What a crop shows outside the image; black unless given. */
  readonly border?: 'black' | 'reflect';
}

/**
 * x and labels of the step's batch: sample `step mod stepsPerEpoch · B + row` of the order.
 * @throws RangeError for a border that this gather does not have
 */
export function gatherCall(
  { label, split, batchSize: B, stepsPerEpoch, input, crop = false, border }: GatherOptions,
  { order, counters, x, labels }: GatherTensors,
): KernelCall {
  const common = { B, ORDER: order.size, STEPS_PER_EPOCH: stepsPerEpoch } as const;
  if (split.kind === 'rows') {
    const tensors = { rows: split.rows, rowLabels: split.labels, order, counters, x, labels };
    return call(label, gatherRows, { ...common, LD: storedSize(input) }, tensors);
  }
  const { imagesA, imagesB, shardImages, labels: imageLabels, normalisation, image } = split;
  const images = {
    ...common,
    SHARD_IMAGES: shardImages,
    C: image.channels,
    H: image.height,
    W: image.width,
  } as const;
  const tensors = { imagesA, imagesB, imageLabels, normalisation, order, counters, x, labels };
  if (!('features' in input)) {
    return call(label, gatherNhwc, { ...images, REFLECT: border === 'reflect' ? 1 : 0 }, tensors);
  }
  if (crop && border === 'reflect') throw new RangeError('without convolutions borders are black');
  return call(label, gather, { ...images, CROP: crop ? 1 : 0 }, tensors);
}
