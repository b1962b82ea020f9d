import type { TestViews } from '../data/test-views.ts';
import type { WeightInit } from '../nn/init.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import type { OptimizerSpec } from '../optim/index.ts';
import type { Schedule } from '../optim/schedule.ts';

/** What differs between the replicas of a population. */
export interface ReplicaSettings {
  /** Of the initial weights, the sample order and the augmentation. */
  readonly seed: number;
  /** Weight of the L2 term: cost = mean cross-entropy + lambda · sum of W² over weight matrices. */
  readonly lambda: number;
  /** Factor on the schedule's learning rates. */
  readonly rateScale: number;
}

/** Statistics of batch norm that replace the running ones after training. */
export interface BatchStatisticsSpec {
  /** Of random training images, or of random test images, each mirrored with probability 1/2. */
  readonly kind: 'precise' | 'adaptive';
  /** How many; at most what the split has. */
  readonly samples: number;
}

/** A training run as plain data: what a checkpoint keeps, and what `summary.json` says. */
export interface TrainSettings {
  /** Name of the data set (data/datasets); absent: CIFAR-10. */
  readonly dataset?: string;
  readonly net: NetSpec;
  readonly init: WeightInit;
  readonly optimizer: OptimizerSpec;
  readonly schedule: Schedule;
  readonly steps: number;
  readonly batchSize: number;
  readonly replicas: readonly ReplicaSettings[];
  /** Images at the end of the training files that are kept for validation. */
  readonly valSize: number;
  /** A new order each epoch; without it file order. */
  readonly shuffle: boolean;
  /** Mirror each image with probability 1/2; `alternating`: in the first epoch, then in every other one. */
  readonly flip: boolean | 'alternating';
  /** Move each image by up to this many pixels. */
  readonly cropPixels: number;
  /** What comes in at the border of an image that is moved; absent: black. */
  readonly cropBorder?: 'black' | 'reflect';
  /** Mean and standard deviation of each pixel (absent: this), or of each channel. */
  readonly normalisation?: 'pixel' | 'channel';
  /** Training's targets are (1 - this) · onehot + this / classes. 0, or absent in older checkpoints: the labels alone. */
  readonly labelSmoothing?: number;
  /** Every so many steps the parameters become a moving average of themselves, which grows longer over `steps` (optim/averaging.ts); absent: never. */
  readonly lookahead?: number;
  /** Steps that one report covers. */
  readonly reportSteps: number;
  /** Results are also scored with logits averaged over these views of each image; absent: not. */
  readonly testViews?: TestViews;
  /** What the results are scored with, instead of the running statistics. */
  readonly batchStatistics?: BatchStatisticsSpec | null;
}
