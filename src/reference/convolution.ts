/**
 * convolution: y[b,p,q,n] = sum over r, s, c of x[b, p step - pad + r, q step - pad + s, c] w[r,s,c,n] + bias[n], NHWC, where pixels outside the image
 * are 0: a cross-correlation, as PyTorch's Conv2d computes it.
 *
 *     forward  y (B, P, Q, N)                    wgrad  dw (SIZE_Y, SIZE_X, C, N)                    dgrad  dx (B, H, W, C)
 *
 * Each has an `abs` companion with every product replaced by its absolute value: the scale of rounding errors (`sumBound` in tolerance.ts).
 */
import { expectLength, type Numbers } from './numbers.ts';

/** B images of H rows, W columns and C channels; N filters. */
export interface ConvShape {
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
}

/** Places of a filter of `size` along `length` pixels. */
export const places = (length: number, size: number, step: number, pad: number): number =>
  Math.floor((length + 2 * pad - size) / step) + 1;

const sizesOf = (shape: ConvShape) => ({
  P: places(shape.H, shape.SIZE_Y, shape.STEP_Y, shape.PAD_Y),
  Q: places(shape.W, shape.SIZE_X, shape.STEP_X, shape.PAD_X),
});

/** Calls `visit` for every pixel of x under every tap of every place, with the places of their first channel or filter in x, w and y. */
function visitTaps(shape: ConvShape, visit: (xAt: number, wAt: number, yAt: number) => void): void {
  const { B, H, W, C, N, SIZE_Y, SIZE_X, STEP_Y, STEP_X, PAD_Y, PAD_X } = shape;
  const { P, Q } = sizesOf(shape);
  for (let b = 0; b < B; b++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        for (let r = 0; r < SIZE_Y; r++) {
          const h = p * STEP_Y - PAD_Y + r;
          if (h < 0 || h >= H) continue;
          for (let s = 0; s < SIZE_X; s++) {
            const v = q * STEP_X - PAD_X + s;
            if (v < 0 || v >= W) continue;
            visit(((b * H + h) * W + v) * C, (r * SIZE_X + s) * C * N, ((b * P + p) * Q + q) * N);
          }
        }
      }
    }
  }
}

type Map = (value: number) => number;
const identity: Map = (value) => value;

function forward(x: Numbers, w: Numbers, bias: Numbers | null, shape: ConvShape, map: Map): Float64Array {
  const { B, H, W, C, N, SIZE_Y, SIZE_X } = shape;
  const { P, Q } = sizesOf(shape);
  expectLength('convolution', 'x', x, B * H * W * C);
  expectLength('convolution', 'w', w, SIZE_Y * SIZE_X * C * N);
  if (bias) expectLength('convolution', 'bias', bias, N);
  const y = Float64Array.from({ length: B * P * Q * N }, (_, i) => (bias ? map(bias[i % N]!) : 0));
  visitTaps(shape, (xAt, wAt, yAt) => {
    for (let c = 0; c < C; c++) {
      const factor = map(x[xAt + c]!);
      for (let n = 0; n < N; n++) y[yAt + n]! += factor * map(w[wAt + c * N + n]!);
    }
  });
  return y;
}

/** (parts, SIZE_Y, SIZE_X, C, N): each part sums the pixels of so many rows (b, p) of y; parts behind the last row are 0. */
function wgrad(x: Numbers, dy: Numbers, shape: ConvShape, { parts, rows }: Parts, map: Map): Float64Array {
  const { B, H, W, C, N, SIZE_Y, SIZE_X } = shape;
  const { P, Q } = sizesOf(shape);
  expectLength('convolutionWgrad', 'x', x, B * H * W * C);
  expectLength('convolutionWgrad', 'dy', dy, B * P * Q * N);
  const size = SIZE_Y * SIZE_X * C * N;
  const dw = new Float64Array(parts * size);
  visitTaps(shape, (xAt, wAt, yAt) => {
    const at = Math.floor(yAt / (rows * Q * N)) * size + wAt;
    for (let c = 0; c < C; c++) {
      const factor = map(x[xAt + c]!);
      for (let n = 0; n < N; n++) dw[at + c * N + n]! += factor * map(dy[yAt + n]!);
    }
  });
  return dw;
}

function dgrad(dy: Numbers, w: Numbers, shape: ConvShape, map: Map): Float64Array {
  const { B, H, W, C, N, SIZE_Y, SIZE_X } = shape;
  const { P, Q } = sizesOf(shape);
  expectLength('convolutionDgrad', 'dy', dy, B * P * Q * N);
  expectLength('convolutionDgrad', 'w', w, SIZE_Y * SIZE_X * C * N);
  const dx = new Float64Array(B * H * W * C);
  visitTaps(shape, (xAt, wAt, yAt) => {
    for (let c = 0; c < C; c++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += map(dy[yAt + n]!) * map(w[wAt + c * N + n]!);
      dx[xAt + c]! += sum;
    }
  });
  return dx;
}

/** y (B, P, Q, N); `null`: no bias. */
export const convolution = (x: Numbers, w: Numbers, bias: Numbers | null, shape: ConvShape): Float64Array =>
  forward(x, w, bias, shape, identity);

/** At most SIZE_Y SIZE_X C terms (one more with a bias). */
export const absConvolution = (
  x: Numbers,
  w: Numbers,
  bias: Numbers | null,
  shape: ConvShape,
): Float64Array => forward(x, w, bias, shape, Math.abs);

/** How wgrad's pixels are summed apart. */
interface Parts {
  readonly parts: number;
  /** Rows (b, p) of y in a part. */
  readonly rows: number;
}

const oneOf = (shape: ConvShape): Parts => ({ parts: 1, rows: shape.B * sizesOf(shape).P });

/** dw (parts, SIZE_Y, SIZE_X, C, N). */
export const convolutionWgrad = (
  x: Numbers,
  dy: Numbers,
  shape: ConvShape,
  parts = oneOf(shape),
): Float64Array => wgrad(x, dy, shape, parts, identity);

/** At most rows · Q terms. */
export const absConvolutionWgrad = (
  x: Numbers,
  dy: Numbers,
  shape: ConvShape,
  parts = oneOf(shape),
): Float64Array => wgrad(x, dy, shape, parts, Math.abs);

/** dx (B, H, W, C). */
export const convolutionDgrad = (dy: Numbers, w: Numbers, shape: ConvShape): Float64Array =>
  dgrad(dy, w, shape, identity);

/** At most SIZE_Y SIZE_X N terms. */
export const absConvolutionDgrad = (dy: Numbers, w: Numbers, shape: ConvShape): Float64Array =>
  dgrad(dy, w, shape, Math.abs);
