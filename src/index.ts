/**
 * wgrad as a library: train and use nets with WebGPU, in a browser or wherever else there is a GPUDevice. What is not exported here may change
 * with any version.
 */

export { cifar10 } from './data/datasets/cifar10.ts';
export { cifar100 } from './data/datasets/cifar100.ts';
export { loadNormalisation, type StreamOptions } from './data/load.ts';
export type { Normalisation } from './data/normalisation.ts';
export type { ImageSize, RecordSet } from './data/record-set.ts';
export type { TestViews } from './data/test-views.ts';
export {
  type AdapterDescription,
  adapterName,
  describeAdapter,
  type Gpu,
  requestGpu,
  wrapDevice,
} from './gpu/device.ts';
export { GpuError } from './gpu/errors.ts';
export type { WeightInit } from './nn/init.ts';
export type { BatchNormOptions } from './nn/layers/batch-norm.ts';
export type { LayerSpec } from './nn/layers/index.ts';
export { namedNet, torchBatchNorm } from './nn/named-nets.ts';
export { netWords, parameterCount } from './nn/net.ts';
export { type BatchNormSpec, courseBatchNorm, type MlpSpec, mlp, type NetSpec } from './nn/net-spec.ts';
export type { NamedTensor } from './nn/parameters.ts';
export type { OptimizerSpec } from './optim/index.ts';
export { learningRate, type Schedule } from './optim/schedule.ts';
export { adam, adamw, constant, cyclical, rmsprop, sgd } from './optim/specs.ts';
export { type Checkpoint, readCheckpoint, writeCheckpoint } from './train/checkpoint.ts';
export {
  type GpuDataset,
  type ImageArrays,
  loadDataset,
  type NormalisedBy,
  type RowArrays,
} from './train/dataset.ts';
export { type GivenSettings, withDefaults } from './train/defaults.ts';
export type { Score } from './train/evaluation.ts';
export type { ScoredSplit } from './train/evaluations.ts';
export { NonFiniteLoss } from './train/finite.ts';
export {
  type ForcedVariants,
  forcedKernels,
  type KernelOptions,
  type MeasuringOptions,
  measuredKernels,
} from './train/kernel-options.ts';
export {
  floatDataset,
  imageDataset,
  type OwnImageDataset,
  type OwnImages,
  type OwnRows,
} from './train/own-data.ts';
export { Predictor, type PredictorOptions, type Samples } from './train/predictor.ts';
export type { TrainReport } from './train/report-window.ts';
export { readSafetensors, type SafetensorsFile, writeSafetensors } from './train/safetensors.ts';
export type { BatchStatisticsSpec, ReplicaSettings, TrainSettings } from './train/settings.ts';
export { type TrainCallbacks, Trainer, type TrainerOptions, type ValidationReport } from './train/trainer.ts';
export { readWeights } from './train/weights-file.ts';
