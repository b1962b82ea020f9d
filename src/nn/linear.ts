import type { Capabilities } from '../gpu/device.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import { biasGradient } from '../kernels/bias.ts';
import { call, type KernelCall } from '../kernels/call.ts';
import { gatherMatmulForward, gatherMatmulWgrad } from '../kernels/gather-matmul.ts';
import {
  type MatmulShape,
  matmulDgrad,
  matmulForward,
  matmulForwardSplit,
  matmulWgrad,
  splitSum,
} from '../kernels/matmul.ts';
import { type ImageInput, isImageInput } from './image-input.ts';

/** A linear layer's tensors: w (K, N), bias (N) and their gradients, widths padded. */
export interface Linear {
  readonly label: string;
  /** Batch, outputs, inputs. */
  readonly shape: MatmulShape;
  readonly w: Tensor;
  readonly bias: Tensor;
  readonly dw: Tensor;
  readonly db: Tensor;
}

/**
 * Parts that the K terms of y = x·w are summed in. Where the tiles of y are too few to fill a GPU, each tile's sum is
 * shared between several workgroups; an adapter that computes on a few CPU cores needs no more than those tiles. The number of
 * replicas does not count: sums in other parts would give a replica other bits than a single run.
 */
export function splitsFor({ M, N, K }: MatmulShape, capabilities: Capabilities): number {
  if (capabilities.software) return 1;
  const tiles = Math.ceil(M / 32) * Math.ceil(N / 32);
  return Math.max(1, Math.min(Math.floor(256 / tiles), Math.floor(K / 256)));
}

/** y = x·w + bias. `splits` > 1 needs a buffer for the partial sums, made here. */
export function linearForward(
  { label, shape, w, bias }: Linear,
  x: Tensor | ImageInput,
  y: Tensor,
  splits: number,
  allocator: Allocator,
): KernelCall[] {
  if (isImageInput(x)) {
    const tensors = { ...x.tensors, w, bias, y };
    return [call(`${label} forward`, gatherMatmulForward, { M: shape.M, N: shape.N, ...x.shape }, tensors)];
  }
  if (splits === 1) return [call(`${label} forward`, matmulForward, shape, { x, w, bias, y })];
  const partial = allocator.tensor(`${label} partial sums`, splits * shape.M * shape.N, y.replicas);
  return [
    call(`${label} forward`, matmulForwardSplit, { ...shape, SPLITS: splits }, { x, w, y: partial }),
    call(`${label} forward sum`, splitSum, { M: shape.M, N: shape.N, SPLITS: splits }, { partial, bias, y }),
  ];
}

/**
 * dw, db and dx from dy. Without `dx` (the first layer) there is none. `biasIsFree`: the layer feeds batch norm, which
 * takes the batch mean away, so the bias gradient is exactly 0, and db stays the zeros that it was made of.
 */
export function linearBackward(
  { label, shape, w, dw, db }: Linear,
  x: Tensor | ImageInput,
  dy: Tensor,
  dx: Tensor | undefined,
  biasIsFree: boolean,
): KernelCall[] {
  const { M, N } = shape;
  const wgrad = isImageInput(x)
    ? call(`${label} wgrad`, gatherMatmulWgrad, { M, N, ...x.shape }, { ...x.tensors, dy, dw })
    : call(`${label} wgrad`, matmulWgrad, shape, { x, dy, dw });
  return [
    wgrad,
    ...(biasIsFree ? [] : [call(`${label} bias gradient`, biasGradient, { M, N }, { dy, db })]),
    ...(dx === undefined ? [] : [call(`${label} dgrad`, matmulDgrad, shape, { dy, w, dx })]),
  ];
}
