import type { Tensor } from '../gpu/tensor.ts';

/**
 * The input of a net as images that stay bytes: the first layer's kernels (kernels/gather-matmul.ts) fetch, mirror and
 * normalise the samples of the step themselves.
 */
export interface ImageInput {
  /** imagesA, imagesB, normalisation, order, counters. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly shape: {
    /** Entries of `order` per replica. */
    readonly ORDER: number;
    readonly STEPS_PER_EPOCH: number;
    /** Images in `imagesA`. */
    readonly SHARD_IMAGES: number;
    /** 1: there are images in `imagesB`. */
    readonly SHARDED: 0 | 1;
  };
}

export const isImageInput = (input: Tensor | ImageInput): input is ImageInput => 'tensors' in input;
