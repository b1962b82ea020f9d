// Shapes of convolutions, and what follows from them alone.
import type { HeldProduct } from './held-product.ts';

const { ceil, floor, max, min } = Math;

/**
 * A convolution of B images of H rows, W columns and C channels with N filters. A step is what PyTorch calls stride: from one place of the
 * filter to the next (a STRIDE, in shaders, is that between replicas).
 */
export type ConvShape = {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly N: number;
  readonly SIZE_Y: number;
  readonly SIZE_X: number;
  readonly STEP_Y: number;
  readonly STEP_X: number;
  readonly PAD_Y: number;
  readonly PAD_X: number;
};

/** A forward convolution; BIAS 0: without one, any tensor is bound in its place. */
export type ConvForwardShape = ConvShape & { readonly BIAS: 0 | 1 };

/** The wgrad of a convolution, its pixels in PARTS parts. */
export type ConvWgradShape = ConvShape & { readonly PARTS: number };

/** Rows P and columns Q of a convolution's output, as PyTorch counts them. */
export const outputSize = ({ H, W, SIZE_Y, SIZE_X, STEP_Y, STEP_X, PAD_Y, PAD_X }: ConvShape) => ({
  P: floor((H + 2 * PAD_Y - SIZE_Y) / STEP_Y) + 1,
  Q: floor((W + 2 * PAD_X - SIZE_X) / STEP_X) + 1,
});

/** M, N and K of the three products. */
export function productSize(shape: ConvShape): {
  readonly M: number;
  readonly N: number;
  readonly K: number;
} {
  const { P, Q } = outputSize(shape);
  return { M: shape.B * P * Q, N: shape.N, K: shape.SIZE_Y * shape.SIZE_X * shape.C };
}

/**
 * The same convolution with fewer taps and more channels, where the filter's places share no pixel of a row: the pixels of a row under it are
 * one pixel of a narrower image with SIZE_X times the channels, and the weights in their order those of a filter one pixel wide. Elsewhere
 * the shape as it is.
 */
export function withoutOverlap(shape: ConvShape): ConvShape {
  const { W, C, SIZE_X, STEP_X, PAD_X } = shape;
  if (SIZE_X === 1 || SIZE_X !== STEP_X || PAD_X !== 0 || W % SIZE_X !== 0) return shape;
  return { ...shape, W: W / SIZE_X, C: C * SIZE_X, SIZE_X: 1, STEP_X: 1 };
}

/**
 * Parts of the pixels that wgrad sums apart: at least 512 pixels a part, so that a part's sums cost little beside its products; at most 128, enough
 * for the largest adapters, and 512 MB of sums; up to a quarter fewer where they are then all alike. A function of the shape alone, so that every adapter adds in the
 * same order.
 */
export function wgradParts(shape: ConvShape): number {
  const { P, Q } = outputSize(shape);
  const all = shape.B * P;
  const { K, N } = productSize(shape);
  const least = ceil(all / max(1, min(128, floor((all * Q) / 512), floor(2 ** 27 / (K * N)))));
  for (let rows = least; rows <= 1.25 * least; rows++) if (all % rows === 0) return all / rows;
  return ceil(all / least);
}

/** Rows (b, p) of y in a part of wgrad. */
export const rowsOfPart = (shape: ConvWgradShape): number =>
  ceil((shape.B * outputSize(shape).P) / shape.PARTS);

/** Work of one of the three products. */
export const cost = (shape: ConvShape) => {
  const { M, N, K } = productSize(shape);
  const { B, H, W, C } = shape;
  return { flops: 2 * M * N * K, bytes: 4 * (B * H * W * C + K * N + M * N) };
};

export const heldForward: HeldProduct<ConvForwardShape> = {
  columns: ({ N }) => N,
  rows: (shape) => productSize(shape).M,
  times: () => 1,
};

export const heldWgrad: HeldProduct<ConvWgradShape> = {
  columns: ({ N }) => N,
  rows: (shape) => productSize(shape).K,
  times: ({ PARTS }) => PARTS,
};

export const heldDgrad: HeldProduct<ConvShape> = {
  columns: ({ C }) => C,
  rows: ({ B, H, W, STEP_Y, STEP_X }) => B * ceil(H / STEP_Y) * ceil(W / STEP_X),
  times: ({ STEP_Y, STEP_X }) => STEP_Y * STEP_X,
};
