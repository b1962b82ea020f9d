import words from '../../shaders/gather/words.wgsl?raw';
import { type Kernel, read, readWrite, type Variant } from './kernel.ts';

export type GatherShape = {
  /** Samples of a batch. */
  readonly B: number;
  /** Entries of `order` per replica. */
  readonly ORDER: number;
  readonly STEPS_PER_EPOCH: number;
  /** Images in `imagesA`. */
  readonly SHARD_IMAGES: number;
  /** 1: samples may carry crop offsets. */
  readonly CROP: 0 | 1;
};

function variant(samples: number, crop: boolean): Variant<GatherShape> {
  return {
    name: `words-${samples}${crop ? '-crop' : ''}`,
    source: words,
    flags: { CROP: crop },
    refuses: ({ CROP }) => (CROP === 1 && !crop ? 'samples carry crop offsets' : undefined),
    constants: ({ B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES }) => ({
      B,
      ORDER,
      STEPS_PER_EPOCH,
      SHARD_IMAGES,
      SAMPLES: samples,
    }),
    grid: ({ B }) => [768 / 64, Math.ceil(B / samples)],
  };
}

/** x(B,3072) and labels(B) of this step's samples, from images kept as bytes. */
export const gather: Kernel<GatherShape> = {
  op: 'gather',
  bindings: [
    read('imagesA'),
    read('imagesB'),
    read('imageLabels'),
    read('normalisation'),
    read('order'),
    read('counters'),
    readWrite('x'),
    readWrite('labels'),
  ],
  cost: ({ B }) => ({ flops: 2 * B * 3072, bytes: 5 * B * 3072 }),
  variants: [variant(4, true), variant(4, false), variant(20, true), variant(20, false)],
  preferred: {
    swiftshader: ['words-20', 'words-20-crop'],
    cpu: ['words-20', 'words-20-crop'],
    gpu: ['words-4'],
  },
};
