/** How each op is checked against the float64 reference, by the op's name. */
import type { Shape } from '../../kernels/kernel.ts';
import {
  batchNormBackwardCheck,
  batchNormForwardCheck,
  batchNormInferenceCheck,
  batchNormStatisticsCheck,
} from './batch-norm.ts';
import {
  batchNormApplyCheck,
  batchNormDxCheck,
  batchNormGradientPartsCheck,
  batchNormMergeCheck,
  batchNormMomentsCheck,
} from './batch-norm-parts.ts';
import { biasGradientCheck } from './bias.ts';
import type { OpCheck } from './case.ts';
import { convDgradCheck, convForwardCheck, convWgradCheck } from './convolution.ts';
import { gatherCheck, gatherLabelsCheck, gatherNhwcCheck, gatherRowsCheck } from './gather.ts';
import { gatherMatmulForwardCheck, gatherMatmulWgradCheck } from './gather-matmul.ts';
import { geluBackwardCheck, geluForwardCheck } from './gelu.ts';
import { leakyReluBackwardCheck, leakyReluForwardCheck } from './leaky-relu.ts';
import { lookaheadCheck } from './lookahead.ts';
import {
  matmulDgradCheck,
  matmulForwardCheck,
  matmulForwardSplitCheck,
  matmulWgradCheck,
  splitSumCheck,
} from './matmul.ts';
import { netTailCheck } from './net-tail.ts';
import { adamCheck, sgdCheck, sgdMomentumCheck } from './optimizers.ts';
import { biasGradientPartsCheck, partSumCheck } from './parts.ts';
import {
  averagePoolBackwardCheck,
  averagePoolForwardCheck,
  maxPoolBackwardCheck,
  maxPoolForwardCheck,
} from './pooling.ts';
import { reluBackwardCheck, reluForwardCheck } from './relu.ts';
import { scaleCheck } from './scale.ts';
import { softmaxCrossEntropyCheck } from './softmax-cross-entropy.ts';
import { stepEndCheck } from './step-end.ts';
import { viewAverageCheck } from './view-average.ts';

export const checks = {
  gather: gatherCheck,
  'gather-labels': gatherLabelsCheck,
  'gather-rows': gatherRowsCheck,
  'gather-nhwc': gatherNhwcCheck,
  'gather-matmul-forward': gatherMatmulForwardCheck,
  'matmul-forward': matmulForwardCheck,
  'matmul-forward-split': matmulForwardSplitCheck,
  'split-sum': splitSumCheck,
  'conv-forward': convForwardCheck,
  'batch-norm-forward': batchNormForwardCheck,
  'batch-norm-moments': batchNormMomentsCheck,
  'batch-norm-merge': batchNormMergeCheck,
  'batch-norm-apply': batchNormApplyCheck,
  'batch-norm-inference': batchNormInferenceCheck,
  'batch-norm-statistics': batchNormStatisticsCheck,
  'relu-forward': reluForwardCheck,
  'gelu-forward': geluForwardCheck,
  'leaky-relu-forward': leakyReluForwardCheck,
  'max-pool-forward': maxPoolForwardCheck,
  'average-pool-forward': averagePoolForwardCheck,
  scale: scaleCheck,
  'view-average': viewAverageCheck,
  'softmax-cross-entropy': softmaxCrossEntropyCheck,
  'net-tail': netTailCheck,
  'gather-matmul-wgrad': gatherMatmulWgradCheck,
  'matmul-wgrad': matmulWgradCheck,
  'conv-wgrad': convWgradCheck,
  'bias-gradient': biasGradientCheck,
  'bias-gradient-parts': biasGradientPartsCheck,
  'part-sum': partSumCheck,
  'matmul-dgrad': matmulDgradCheck,
  'conv-dgrad': convDgradCheck,
  'batch-norm-backward': batchNormBackwardCheck,
  'batch-norm-gradient-parts': batchNormGradientPartsCheck,
  'batch-norm-dx': batchNormDxCheck,
  'relu-backward': reluBackwardCheck,
  'gelu-backward': geluBackwardCheck,
  'leaky-relu-backward': leakyReluBackwardCheck,
  'max-pool-backward': maxPoolBackwardCheck,
  'average-pool-backward': averagePoolBackwardCheck,
  sgd: sgdCheck,
  'sgd-momentum': sgdMomentumCheck,
  adam: adamCheck,
  lookahead: lookaheadCheck,
  'step-end': stepEndCheck,
} as const;

/**
 * The check of an op.
 * @throws Error for an op without one
 */
export function checkOf(op: string): OpCheck<Shape> {
  const check = (checks as unknown as Record<string, OpCheck<Shape>>)[op];
  if (check === undefined) throw new Error(`${op} has no check: add one to src/reference/checks/table.ts`);
  return check;
}

/** Shapes that try an op's edges. Optimizers know the number of replicas. */
export const defaultShapes = (op: string, replicas = 1): readonly Shape[] => checkOf(op).shapes(replicas);
