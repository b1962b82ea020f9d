import { alignTo } from '../gpu/tensor.ts';
import { defineKernel, read, readWrite, type Variant } from './kernel.ts';
import { shader } from './shader.ts';

/** An image as it lies in memory: C planes of H rows of W bytes, padded to whole words. */
export type ImageDimensions = { readonly C: number; readonly H: number; readonly W: number };

export type GatherShape = ImageDimensions & {
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

/** Values of an image. */
export const imageSize = ({ C, H, W }: ImageDimensions): number => C * H * W;
/** Words of an image in memory: its bytes, padded. */
export const imageWords = (image: ImageDimensions): number => alignTo(imageSize(image), 4) / 4;

const sizes = ({ B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES }: GatherShape) => ({
  B,
  ORDER,
  STEPS_PER_EPOCH,
  SHARD_IMAGES,
});

/** A word of four pixels at a time, of `samples` samples: images of 32 rows of 8 words. */
const wordsOf = (samples: number): Variant<GatherShape> => ({
  name: `words-${samples}`,
  source: shader('gather/words'),
  flags: ({ CROP }) => ({ CROP: CROP === 1 }),
  refuses: ({ H, W }) =>
    H === 32 && W === 32 ? undefined : `it mirrors and crops 32 x 32 pixels, these have ${H} x ${W}`,
  constants: (shape) => ({
    ...sizes(shape),
    SAMPLES: samples,
    WORDS: imageWords(shape),
  }),
  grid: (shape) => [Math.ceil(imageWords(shape) / 64), Math.ceil(shape.B / samples)],
});

/**
 * x(B,C·H·W), rows padded to multiples of 4, and labels(B) of this step's samples, from images kept as bytes: cropped,
 * mirrored, normalised per pixel and channel.
 */
export const gather = defineKernel({
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
  cost: (shape: GatherShape) => ({
    flops: 2 * shape.B * imageSize(shape),
    bytes: 5 * shape.B * imageSize(shape),
  }),
  variants: [
    {
      name: 'bytes',
      source: shader('gather/bytes'),
      constants: (shape) => ({
        ...sizes(shape),
        CHANNELS: shape.C,
        HEIGHT: shape.H,
        WIDTH: shape.W,
        WORDS: imageWords(shape),
      }),
      grid: (shape) => [Math.ceil(imageWords(shape) / 16), shape.B],
    },
    wordsOf(4),
    wordsOf(20),
  ],
  preferred: { swiftshader: ['words-20'], cpu: ['words-20'], gpu: ['words-4'] },
});
