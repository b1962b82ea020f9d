import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from './batch-norm.ts';
import {
  batchNormApply,
  batchNormDx,
  batchNormGradientParts,
  batchNormMerge,
  batchNormMoments,
} from './batch-norm-parts.ts';
import { biasGradient } from './bias.ts';
import { convDgrad, convForward, convWgrad } from './convolution.ts';
import { gather } from './gather.ts';
import { gatherLabels } from './gather-labels.ts';
import { gatherMatmulForward, gatherMatmulWgrad } from './gather-matmul.ts';
import { gatherNhwc } from './gather-nhwc.ts';
import { gatherRows } from './gather-rows.ts';
import { geluBackward, geluForward } from './gelu.ts';
import type { Kernel } from './kernel.ts';
import { leakyReluBackward, leakyReluForward } from './leaky-relu.ts';
import { lookahead } from './lookahead.ts';
import { matmulDgrad, matmulForward, matmulForwardSplit, matmulWgrad, splitSum } from './matmul.ts';
import { netTail } from './net-tail.ts';
import { adam, sgd, sgdMomentum } from './optimizers.ts';
import { biasGradientParts, partSum } from './parts.ts';
import { averagePoolBackward, averagePoolForward, maxPoolBackward, maxPoolForward } from './pooling.ts';
import { reluBackward, reluForward } from './relu.ts';
import { scale } from './scale.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { stepEnd } from './step-end.ts';
import { isForcedBy } from './variant-choice.ts';
import { viewAverage } from './view-average.ts';

/** Every kernel, in the order of a step. Tests and benches loop over it. */
export const kernels = [
  gather,
  gatherLabels,
  gatherRows,
  gatherNhwc,
  gatherMatmulForward,
  matmulForward,
  matmulForwardSplit,
  splitSum,
  convForward,
  batchNormForward,
  batchNormMoments,
  batchNormMerge,
  batchNormApply,
  batchNormInference,
  batchNormStatistics,
  reluForward,
  geluForward,
  leakyReluForward,
  maxPoolForward,
  averagePoolForward,
  scale,
  viewAverage,
  softmaxCrossEntropy,
  netTail,
  gatherMatmulWgrad,
  matmulWgrad,
  convWgrad,
  biasGradient,
  biasGradientParts,
  partSum,
  matmulDgrad,
  convDgrad,
  batchNormBackward,
  batchNormGradientParts,
  batchNormDx,
  reluBackward,
  geluBackward,
  leakyReluBackward,
  maxPoolBackward,
  averagePoolBackward,
  sgd,
  sgdMomentum,
  adam,
  lookahead,
  stepEnd,
] as unknown as readonly Kernel[];

/** Names of all variants that a user may force under this key (`isForcedBy`); none where there is no such op. */
export const variantNames = (key: string): readonly string[] => [
  ...new Set(
    kernels.flatMap(({ op, variants }) => (isForcedBy(op, key) ? variants.map(({ name }) => name) : [])),
  ),
];
