import { type AveragePoolSpec, averagePool } from './average-pool.ts';
import { type BatchNormLayerSpec, batchNorm } from './batch-norm.ts';
import { type ConvSpec, conv } from './conv.ts';
import { type FlattenSpec, flatten } from './flatten.ts';
import { type GeluSpec, gelu } from './gelu.ts';
import type { LayerKind } from './layer.ts';
import { type LeakyReluSpec, leakyRelu } from './leaky-relu.ts';
import { type LinearSpec, linear } from './linear.ts';
import { type MaxPoolSpec, maxPool } from './max-pool.ts';
import { type ReluSpec, relu } from './relu.ts';
import { type ScaleSpec, scale } from './scale.ts';

/**
 * A layer of a net as plain data. `index`: its number in the names of its tensors and calls, its place in the list unless given
 * (a fully connected net counts linear, batch norm and ReLU as one).
 */
export type LayerSpec = (
  | LinearSpec
  | ConvSpec
  | BatchNormLayerSpec
  | ReluSpec
  | GeluSpec
  | MaxPoolSpec
  | AveragePoolSpec
  | FlattenSpec
  | ScaleSpec
  | LeakyReluSpec
) & { readonly index?: number };

/** Every kind of layer. Passes, initial values, state dicts and the float64 reference loop over a net's entries of this list. */
export const layerKinds = [
  linear,
  batchNorm,
  relu,
  conv,
  gelu,
  maxPool,
  averagePool,
  flatten,
  scale,
  leakyRelu,
] as unknown as readonly LayerKind<LayerSpec>[];
