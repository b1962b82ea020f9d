/** Which kernels with which shapes a training step is made of, found out without a GPU. */
import { datasetOf } from '../data/datasets/index.ts';
import { imageBytes, type RecordSet } from '../data/record-set.ts';
import type { Capabilities } from '../gpu/device.ts';
import { Allocator, type BufferDevice } from '../gpu/tensor.ts';
import type { KernelCall } from '../kernels/call.ts';
import type { GpuImages, SampleSplits } from '../train/dataset.ts';
import { datasetSource, stepOptions } from '../train/prepared-step.ts';
import type { TrainSettings } from '../train/settings.ts';
import { type RecordedStep, recordStep } from '../train/step.ts';

export interface RecordOptions {
  readonly settings: TrainSettings;
  readonly capabilities: Capabilities;
  /** Images of the training files. */
  readonly images: number;
  /** The first layer's matrix products read the images' bytes themselves; unless given, where that is faster. */
  readonly fuseGather?: boolean | undefined;
  /** All behind the first layer's product in one workgroup; not unless given. */
  readonly oneWorkgroup?: boolean;
}

/** The calls of a step, as the trainer makes them. Their tensors have shapes alone. */
export const recordCalls = (options: RecordOptions): readonly KernelCall[] =>
  record(new Allocator(), options).calls;

/** GPU memory of a training with such a step, bytes, without data set and evaluations: `Trainer.sizeBytes` of one that is recorded alike. */
export function stepBytes(options: RecordOptions): number {
  const allocator = new Allocator({ device: countingDevice });
  const { calls, model } = record(allocator, options);
  void model.running.buffer; // A net without batch norm has an empty one, which no call uses.
  for (const { tensors } of calls) {
    for (const tensor of Object.values(tensors)) void tensor.buffer;
  }
  return allocator.sizeBytes;
}

/** Its buffers have a size and nothing else. */
const countingDevice: BufferDevice = {
  limits: { maxBufferSize: Number.POSITIVE_INFINITY, maxStorageBufferBindingSize: Number.POSITIVE_INFINITY },
  createBuffer: ({ size }) => ({ size }) as GPUBuffer,
};

function record(
  allocator: Allocator,
  { settings, capabilities, images, fuseGather, oneWorkgroup = false }: RecordOptions,
): RecordedStep {
  const dataset = withoutBuffers(datasetOf(settings), images);
  const source = datasetSource(settings, dataset, images - settings.valSize, fuseGather);
  return recordStep(allocator, { ...stepOptions(settings, capabilities), source, oneWorkgroup });
}

/** A data set that no GPU holds. */
function withoutBuffers(set: RecordSet, count: number): SampleSplits {
  const { image, classNames } = set;
  const allocator = new Allocator({ device: countingDevice });
  const imagesA = allocator.tensor('images', (count * imageBytes(set)) / 4);
  const split: GpuImages = {
    kind: 'images',
    count,
    image,
    shardImages: count,
    imagesA,
    imagesB: imagesA,
    labels: allocator.tensor('labels', count / 4),
    normalisation: allocator.tensor('normalisation', 2 * imageBytes(set)),
  };
  return {
    input: image,
    classes: classNames.length,
    train: split,
    test: split,
  };
}
