import type { LayerSpec } from '../../nn/layers/index.ts';
import { averagePool } from './average-pool.ts';
import { batchNorm } from './batch-norm.ts';
import { conv } from './conv.ts';
import { flatten } from './flatten.ts';
import { gelu } from './gelu.ts';
import type { ReferenceLayer } from './layer.ts';
import { leakyRelu } from './leaky-relu.ts';
import { linear } from './linear.ts';
import { maxPool } from './max-pool.ts';
import { relu } from './relu.ts';
import { scale } from './scale.ts';

const layers = [
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
] as unknown as readonly ReferenceLayer<LayerSpec>[];

/** @throws Error for a kind of layer without a mirror */
export function referenceLayer(kind: string): ReferenceLayer<LayerSpec> {
  const found = layers.find((layer) => layer.kind === kind);
  if (found === undefined) throw new Error(`${kind} has no float64 mirror: add one to src/reference/layers`);
  return found;
}
