/** pooling over NHWC activations: the largest pixel of windows, the mean of an image. */
import { expectLength, type Numbers } from './numbers.ts';

/** B images of H rows, W columns and C channels; windows of SIZE×SIZE pixels, STEP apart, that lie in the image. */
export interface MaxPoolShape {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly SIZE: number;
  readonly STEP: number;
}

/** y (B, P, Q, C), and which pixel of its window each is: row · SIZE + column, the first of equals as in PyTorch. */
export function maxPool(
  x: Numbers,
  { B, H, W, C, SIZE, STEP }: MaxPoolShape,
): { y: Float64Array; largest: Uint32Array } {
  expectLength('maxPool', 'x', x, B * H * W * C);
  const [P, Q] = [Math.floor((H - SIZE) / STEP) + 1, Math.floor((W - SIZE) / STEP) + 1];
  const y = new Float64Array(B * P * Q * C).fill(Number.NEGATIVE_INFINITY);
  const largest = new Uint32Array(B * P * Q * C);
  for (let i = 0; i < y.length; i++) {
    const c = i % C;
    const q = Math.floor(i / C) % Q;
    const p = Math.floor(i / (C * Q)) % P;
    const b = Math.floor(i / (C * Q * P));
    for (let place = 0; place < SIZE * SIZE; place++) {
      const h = p * STEP + Math.floor(place / SIZE);
      const value = x[((b * H + h) * W + q * STEP + (place % SIZE)) * C + c]!;
      if (value > y[i]!) {
        y[i] = value;
        largest[i] = place;
      }
    }
  }
  return { y, largest };
}

/** dx (B, H, W, C): the sum of dy over the windows whose largest pixel it is. */
export function maxPoolBackward(
  dy: Numbers,
  largest: ArrayLike<number>,
  { B, H, W, C, SIZE, STEP }: MaxPoolShape,
): Float64Array {
  const [P, Q] = [Math.floor((H - SIZE) / STEP) + 1, Math.floor((W - SIZE) / STEP) + 1];
  expectLength('maxPoolBackward', 'dy', dy, B * P * Q * C);
  const dx = new Float64Array(B * H * W * C);
  for (let i = 0; i < dy.length; i++) {
    const q = Math.floor(i / C) % Q;
    const p = Math.floor(i / (C * Q)) % P;
    const b = Math.floor(i / (C * Q * P));
    const h = p * STEP + Math.floor(largest[i]! / SIZE);
    dx[((b * H + h) * W + q * STEP + (largest[i]! % SIZE)) * C + (i % C)]! += dy[i]!;
  }
  return dx;
}

/** B images of PIXELS pixels and C channels. */
export interface AveragePoolShape {
  readonly B: number;
  readonly PIXELS: number;
  readonly C: number;
}

/** y (B, C): the mean of each image's pixels. */
export function averagePool(x: Numbers, { B, PIXELS, C }: AveragePoolShape): Float64Array {
  expectLength('averagePool', 'x', x, B * PIXELS * C);
  const y = new Float64Array(B * C);
  for (let i = 0; i < x.length; i++) y[Math.floor(i / (PIXELS * C)) * C + (i % C)]! += x[i]! / PIXELS;
  return y;
}

/** dx (B, PIXELS, C) = dy (B, C) / PIXELS. */
export function averagePoolBackward(dy: Numbers, { B, PIXELS, C }: AveragePoolShape): Float64Array {
  expectLength('averagePoolBackward', 'dy', dy, B * C);
  return Float64Array.from(
    { length: B * PIXELS * C },
    (_, i) => dy[Math.floor(i / (PIXELS * C)) * C + (i % C)]! / PIXELS,
  );
}
