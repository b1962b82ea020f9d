// Nets trained on this adapter: time of a step, alone and as a population, and where it goes.
import { type ExperimentSettings, trainSettings } from '../../src/experiments/experiments.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { stepChoiceOf, tuneStep } from '../../src/train/step-choice.ts';
import { Trainer } from '../../src/train/trainer.ts';
import type { KitData } from './data.ts';
import { type DispatchTime, profile } from './profile.ts';

export interface TrainingResult {
  readonly net: string;
  readonly replicas: number;
  readonly steps: number;
  readonly tuned: boolean;
  readonly msPerStep: number;
  /** Loss of the first replica, at the reports. */
  readonly losses: readonly number[];
  readonly testAccuracy: number;
  readonly variants: Readonly<Record<string, string>>;
  /** Compiling and tuning, ms. */
  readonly readyMs: number;
  readonly profile: readonly DispatchTime[];
}

export interface TrainingRequest {
  readonly net: string;
  readonly of: ExperimentSettings;
  readonly replicas: number;
  readonly steps: number;
  /** Measure the variants first, for so long; undefined: take the defaults. */
  readonly tuneMs?: number;
}

/** Trains, scores on the test images, and frees everything. */
export async function trainOn(
  gpu: Gpu,
  { dataset }: KitData,
  { net, of, replicas, steps, tuneMs }: TrainingRequest,
): Promise<TrainingResult> {
  const settings = trainSettings(
    { ...of, valSize: 0 },
    {
      seeds: Array.from({ length: replicas }, (_, i) => i + 1),
      steps,
      shuffle: true,
      reportSteps: Math.ceil(steps / 10),
    },
  );
  const startedAt = performance.now();
  const trainer = await Trainer.make(gpu, dataset, settings, {
    ...(tuneMs !== undefined && {
      measure: async (steps) => {
        const found = await tuneStep(gpu, steps, { key: '', ops: {} }, { budgetMs: tuneMs });
        return stepChoiceOf(found, steps);
      },
    }),
  });
  try {
    const readyMs = performance.now() - startedAt;
    const losses: number[] = [];
    await trainer.train({ onReport: ({ loss }) => losses.push(loss[0]!) });
    const { pace } = trainer;
    const [score] = await trainer.evaluate('test');
    return {
      net,
      replicas,
      steps,
      tuned: tuneMs !== undefined,
      msPerStep: pace.busyMs / pace.steps,
      losses,
      testAccuracy: score!.accuracy,
      variants: trainer.plan.variants,
      readyMs,
      profile: await profile(gpu, trainer.plan, replicas),
    };
  } finally {
    await trainer.destroy();
  }
}
