import { type ImageDimensions, imageSize, imageWords } from './gather.ts';
import { defineKernel, read, readWrite } from './kernel.ts';
import { shader } from './shader.ts';

export type GatherNhwcShape = ImageDimensions & {
  /** Samples of a batch. */
  readonly B: number;
  /** Entries of `order` per replica. */
  readonly ORDER: number;
  readonly STEPS_PER_EPOCH: number;
  /** Images in `imagesA`. */
  readonly SHARD_IMAGES: number;
  /** What lies outside the image where a crop reaches there: 0 black, 1 the image as in a mirror. */
  readonly REFLECT: 0 | 1;
};

/** The gather of nets that begin with a convolution: x(B,H,W,C), channels last and padded to multiples of 4. */
export const gatherNhwc = defineKernel({
  op: 'gather-nhwc',
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
  cost: (shape: GatherNhwcShape) => ({
    flops: 2 * shape.B * imageSize(shape),
    bytes: 5 * shape.B * imageSize(shape),
  }),
  variants: [
    {
      name: 'naive',
      source: shader('gather-nhwc/naive'),
      constants: ({ B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES, REFLECT, C, H, W }) => ({
        B,
        ORDER,
        STEPS_PER_EPOCH,
        SHARD_IMAGES,
        REFLECT,
        CHANNELS: C,
        HEIGHT: H,
        WIDTH: W,
        WORDS: imageWords({ C, H, W }),
      }),
      grid: ({ B, C, H, W }) => [Math.ceil((B * H * W * Math.ceil(C / 4)) / 64), 1],
    },
  ],
});
