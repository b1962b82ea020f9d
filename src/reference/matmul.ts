/**
 * matmul: the three products of a linear layer, row-major, x (M, K), w (K, N).
 *
 *     forward  y (M, N)  = x · w + bias
 *     wgrad    dw (K, N) = xᵀ · dy        M terms each
 *     dgrad    dx (M, K) = dy · wᵀ        N terms each
 *
 * Each has an `abs` companion with every product replaced by its absolute value: the scale of rounding errors
 * (`sumBound` in tolerance.ts).
 */
import { expectLength, type Numbers } from './numbers.ts';

/** M rows (samples), K inputs, N outputs. */
export interface MatmulShape {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

type Map = (value: number) => number;
const identity: Map = (value) => value;

function forward(x: Numbers, w: Numbers, bias: Numbers | null, { M, K, N }: MatmulShape, map: Map) {
  expectLength('matmul', 'x', x, M * K);
  expectLength('matmul', 'w', w, K * N);
  if (bias) expectLength('matmul', 'bias', bias, N);
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const factor = map(x[m * K + k]!);
      for (let n = 0; n < N; n++) y[m * N + n]! += factor * map(w[k * N + n]!);
    }
    if (bias) for (let n = 0; n < N; n++) y[m * N + n]! += map(bias[n]!);
  }
  return y;
}

function wgrad(x: Numbers, dy: Numbers, { M, K, N }: MatmulShape, map: Map) {
  expectLength('matmulWgrad', 'x', x, M * K);
  expectLength('matmulWgrad', 'dy', dy, M * N);
  const dw = new Float64Array(K * N);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const factor = map(x[m * K + k]!);
      for (let n = 0; n < N; n++) dw[k * N + n]! += factor * map(dy[m * N + n]!);
    }
  }
  return dw;
}

function dgrad(dy: Numbers, w: Numbers, { M, K, N }: MatmulShape, map: Map) {
  expectLength('matmulDgrad', 'dy', dy, M * N);
  expectLength('matmulDgrad', 'w', w, K * N);
  const dx = new Float64Array(M * K);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += map(dy[m * N + n]!) * map(w[k * N + n]!);
      dx[m * K + k] = sum;
    }
  }
  return dx;
}

/** y (M, N) = x (M, K) · w (K, N) + bias (N); `null`: no bias. */
export const matmul = (x: Numbers, w: Numbers, bias: Numbers | null, shape: MatmulShape): Float64Array =>
  forward(x, w, bias, shape, identity);

/** |x| · |w| + |bias|, K terms (K + 1 with a bias). */
export const absMatmul = (x: Numbers, w: Numbers, bias: Numbers | null, shape: MatmulShape): Float64Array =>
  forward(x, w, bias, shape, Math.abs);

/** dw (K, N) = xᵀ (K, M) · dy (M, N). */
export const matmulWgrad = (x: Numbers, dy: Numbers, shape: MatmulShape): Float64Array =>
  wgrad(x, dy, shape, identity);

/** |x|ᵀ · |dy|, M terms. */
export const absMatmulWgrad = (x: Numbers, dy: Numbers, shape: MatmulShape): Float64Array =>
  wgrad(x, dy, shape, Math.abs);

/** dx (M, K) = dy (M, N) · wᵀ (N, K). */
export const matmulDgrad = (dy: Numbers, w: Numbers, shape: MatmulShape): Float64Array =>
  dgrad(dy, w, shape, identity);

/** |dy| · |w|ᵀ, N terms. */
export const absMatmulDgrad = (dy: Numbers, w: Numbers, shape: MatmulShape): Float64Array =>
  dgrad(dy, w, shape, Math.abs);
