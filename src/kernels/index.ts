import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from './batch-norm.ts';
import { biasGradient } from './bias.ts';
import { gather } from './gather.ts';
import { gatherLabels } from './gather-labels.ts';
import { gatherMatmulForward, gatherMatmulWgrad } from './gather-matmul.ts';
import type { Kernel } from './kernel.ts';
import { matmulDgrad, matmulForward, matmulForwardSplit, matmulWgrad, splitSum } from './matmul.ts';
import { adam, sgd } from './optimizers.ts';
import { reluBackward, reluForward } from './relu.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { stepEnd } from './step-end.ts';

/** Every kernel, in the order of a step. Tests and benches loop over it. */
export const kernels = [
  gather,
  gatherLabels,
  gatherMatmulForward,
  matmulForward,
  matmulForwardSplit,
  splitSum,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
  reluForward,
  softmaxCrossEntropy,
  gatherMatmulWgrad,
  matmulWgrad,
  biasGradient,
  matmulDgrad,
  batchNormBackward,
  reluBackward,
  sgd,
  adam,
  stepEnd,
] as unknown as readonly Kernel[];
