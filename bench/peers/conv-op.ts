/** One product of a convolution that every peer computes: shape, operands and what it must give. Plain data. */
import { randomStream } from '../../src/data/random.ts';
import {
  absConvolution,
  absConvolutionDgrad,
  absConvolutionWgrad,
  type ConvShape,
  convolution,
  convolutionDgrad,
  convolutionWgrad,
  places,
} from '../../src/reference/convolution.ts';
import type { Numbers } from '../../src/reference/numbers.ts';
import { type Comparison, compare, sumBound } from '../../src/reference/tolerance.ts';

/** y of x and w; dw of x and dy; dx of dy and w. */
export type ConvPass = 'forward' | 'wgrad' | 'dgrad';

/** A layer without bias: square filters, square images, no more than PyTorch's Conv2d asks for. */
export interface ConvOpOptions {
  readonly pass: ConvPass;
  readonly batch: number;
  /** Rows, and columns, of an image. */
  readonly image: number;
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

export interface ConvOp {
  readonly options: ConvOpOptions;
  readonly shape: ConvShape;
  /** (B, H, W, C) */
  readonly x: Float32Array<ArrayBuffer>;
  /** (SIZE_Y, SIZE_X, C, N) */
  readonly w: Float32Array<ArrayBuffer>;
  /** (B, P, Q, N) */
  readonly dy: Float32Array<ArrayBuffer>;
  /** Rows, and columns, of an image of y. */
  readonly outputImage: number;
}

/** Normal numbers as operands. The same options give the same ones. */
export function makeConvOp(options: ConvOpOptions): ConvOp {
  const { batch, image, channels, filters, size, stride, padding } = options;
  const random = randomStream(1, 'test', 5);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const outputImage = places(image, size, stride, padding);
  const shape = {
    B: batch,
    H: image,
    W: image,
    C: channels,
    N: filters,
    SIZE_Y: size,
    SIZE_X: size,
    STEP_Y: stride,
    STEP_X: stride,
    PAD_Y: padding,
    PAD_X: padding,
  };
  return {
    options,
    shape,
    x: normals(batch * image * image * channels),
    w: normals(size * size * channels * filters),
    dy: normals(batch * outputImage * outputImage * filters),
    outputImage,
  };
}

/** Multiply-adds count twice; taps that fall outside the image count too. */
export const convOpFlops = ({ options, outputImage }: ConvOp): number =>
  2 * options.batch * outputImage ** 2 * options.filters * options.size ** 2 * options.channels;

/** Computes the float64 reference, some seconds for a large op, and gives the comparison of a peer's result with it. */
export function convOpTruth({ options, shape, x, w, dy, outputImage }: ConvOp) {
  const { batch, channels, filters, size } = options;
  const [expected, scale, terms] = {
    forward: () =>
      [convolution(x, w, null, shape), absConvolution(x, w, null, shape), size ** 2 * channels] as const,
    wgrad: () =>
      [convolutionWgrad(x, dy, shape), absConvolutionWgrad(x, dy, shape), batch * outputImage ** 2] as const,
    dgrad: () =>
      [convolutionDgrad(dy, w, shape), absConvolutionDgrad(dy, w, shape), size ** 2 * filters] as const,
  }[options.pass]();
  const bound = sumBound(scale, terms);
  return (actual: Numbers): Comparison => compare(actual, expected, bound);
}
