// A training step ready to run: recorded, compiled while the data arrive, and measured where that is asked for.
import type { TrainingSplits } from '../data/splits.ts';
import type { Capabilities, Gpu } from '../gpu/device.ts';
import { type Allocator, allocating } from '../gpu/tensor.ts';
import { requireForced, type VariantChoice } from '../kernels/variant-choice.ts';
import { isTailMadeFor } from '../nn/net-tail.ts';
import { type GpuDataset, type SampleSplits, trainingSplits } from './dataset.ts';
import { compilePlan, type Plan } from './plan.ts';
import type { TrainSettings } from './settings.ts';
import { inOneWorkgroup, type RecordedStep, recordStep, type StepOptions, type StepSource } from './step.ts';
import type { StepCalls, StepChoice } from './step-choice.ts';

/** What the plan of a training step, and each submit of it, is called. */
export const stepLabel = 'training step';

/** Measures the plan's ops, and whole steps where they may be in one workgroup. The step's buffers hold nothing yet; the data have arrived. */
export type MeasureStep = (steps: StepCalls) => Promise<StepChoice>;

export interface PrepareOptions {
  readonly choose: VariantChoice;
  readonly forced: Readonly<Record<string, string>>;
  readonly measure?: MeasureStep | undefined;
  /** See TrainerOptions. */
  readonly fuseGather: boolean | undefined;
  readonly oneWorkgroup: boolean | undefined;
  /** Told when the first plan is there, whether or not the data have arrived. */
  readonly onCompiled?: (() => void) | undefined;
}

/** A step, and what it runs in. */
export interface PreparedStep {
  readonly recorded: RecordedStep;
  readonly plan: Plan;
  readonly splits: TrainingSplits;
  /** Of all its buffers, which are made. */
  readonly allocator: Allocator;
}

/**
 * Records and compiles the step of a run. Where it is measured, that is done in buffers of their own: what was tried and not chosen leaves none behind.
 * @throws what the data's arrival and `measure` reject with; GpuError where the adapter refuses a buffer or a kernel; RangeError where the net does not
 *   fit the data
 */
export async function prepareStep(
  gpu: Gpu,
  dataset: GpuDataset,
  settings: TrainSettings,
  { choose, forced, measure, fuseGather, oneWorkgroup, onCompiled }: PrepareOptions,
): Promise<PreparedStep> {
  const splits = trainingSplits(dataset, settings.valSize, settings.batchSize);
  const prepare = (choice: VariantChoice, short: boolean, tell?: () => void) =>
    allocating(gpu, async (allocator) => {
      const recorded = recordStep(allocator, {
        ...stepOptions(settings, gpu.capabilities),
        source: datasetSource(settings, dataset, splits.training.count, fuseGather),
        oneWorkgroup: short,
      });
      requireForced(forced, recorded.calls, gpu.capabilities);
      const compiling = compilePlan({ label: stepLabel, gpu, choose: choice }, recorded.calls).then(
        (plan) => {
          tell?.();
          return plan;
        },
      );
      try {
        const [plan] = await Promise.all([compiling, dataset.arrived]);
        return { recorded, plan, splits, allocator };
      } finally {
        // Where the data do not arrive: until then it makes buffers.
        await Promise.allSettled([compiling]);
      }
    });
  const first = await prepare(choose, oneWorkgroup ?? false, onCompiled);
  if (measure === undefined) return first;
  let found: StepChoice;
  try {
    const mayBeShort = oneWorkgroup === undefined && isTailMadeFor(first.recorded, gpu.capabilities);
    const short = mayBeShort ? inOneWorkgroup(first.allocator, first.recorded) : undefined;
    found = await measure({ separate: first.recorded.calls, oneWorkgroup: short?.calls, forced });
  } finally {
    first.allocator.destroy();
  }
  return prepare(found.choose, oneWorkgroup ?? found.oneWorkgroup);
}

/**
 * The samples of a run, as its settings want them.
 * @throws RangeError where rows of numbers are to be moved or mirrored
 */
export function datasetSource(
  {
    cropPixels,
    cropBorder: border = 'black',
    flip,
  }: Pick<TrainSettings, 'cropPixels' | 'cropBorder' | 'flip'>,
  dataset: SampleSplits,
  samples: number,
  fused: boolean | undefined,
): StepSource {
  const crop = cropPixels > 0;
  if (dataset.train.kind === 'rows' && (crop || flip))
    throw new RangeError('flip, cropPixels: only for images');
  return { kind: 'dataset', dataset, samples, crop, border, fused };
}

/** What a step of these settings is recorded with, but for its source. */
export const stepOptions = (
  settings: TrainSettings,
  capabilities: Capabilities,
): Omit<StepOptions, 'source'> => ({
  net: settings.net,
  optimizer: settings.optimizer,
  batchSize: settings.batchSize,
  replicas: settings.replicas.length,
  steps: settings.steps,
  historySteps: 2048 + 2 * Math.min(settings.reportSteps, Math.max(settings.steps, 2048)),
  labelSmoothing: settings.labelSmoothing ?? 0,
  ...(settings.lookahead !== undefined && { lookahead: settings.lookahead }),
  capabilities,
});
