// What a run tells of its trainer before the first step.
import { adapterName, type Gpu } from '../gpu/device.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { GpuDataset } from './dataset.ts';
import type { KernelOrigin, ReadyReport } from './messages.ts';
import type { Trainer } from './trainer.ts';

export function readyReport(
  trainer: Trainer,
  {
    gpu,
    dataset,
    kernels,
    checkpoint,
  }: {
    readonly gpu: Gpu;
    readonly dataset: GpuDataset;
    readonly kernels: KernelOrigin;
    readonly checkpoint: Checkpoint | undefined;
  },
): ReadyReport {
  const name = adapterName(gpu.adapter);
  return {
    settings: trainer.settings,
    step: trainer.step,
    stepsPerEpoch: trainer.stepsPerEpoch,
    dispatchesPerStep: trainer.plan.dispatches.length,
    kernels,
    variants: trainer.plan.variants,
    ops: [...new Set(trainer.plan.dispatches.map(({ op }) => op))],
    modelBytes: trainer.sizeBytes,
    datasetBytes: dataset.sizeBytes,
    adapterName: name,
    ...(checkpoint !== undefined && checkpoint.adapter !== name && { otherAdapter: checkpoint.adapter }),
  };
}
