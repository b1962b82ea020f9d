// Which trainings a list of experiments needs.
import type { TrainSettings } from '../train/settings.ts';
import { type Experiment, type ExperimentSettings, trainSettings } from './experiments.ts';

/** An experiment with the settings that it runs with. */
export interface Planned {
  readonly experiment: Experiment;
  /** The variant that the settings are of; null for the literal ones. */
  readonly tuned: ExperimentSettings | null;
  readonly settings: TrainSettings;
}

/**
 * A training, and the experiments whose results come from it: they differ only in the statistics that replace the running ones
 * afterwards. That gives exactly what training each by itself would: the statistics and their samples depend on the trained
 * weights and the seed alone (train/batch-statistics.ts).
 */
export interface Training {
  /** The first of them in the list names it. */
  readonly name: string;
  /** Those with the running statistics come first, since replacing cannot be undone. */
  readonly members: readonly Planned[];
}

/** Groups experiments by their training, in the order of the list. */
export function trainingsOf(
  experiments: readonly Experiment[],
  run: { readonly seeds: readonly number[]; readonly steps: number | undefined; readonly tuned: boolean },
): Training[] {
  const byTraining = new Map<string, Planned[]>();
  for (const experiment of experiments) {
    const { seeds, steps } = run;
    const tuned = (run.tuned ? experiment.tuned : undefined) ?? null;
    const settings = trainSettings(tuned ?? experiment.settings, {
      seeds,
      steps,
      shuffle: true,
    });
    const key = JSON.stringify({ ...settings, batchStatistics: null });
    byTraining.set(key, [...(byTraining.get(key) ?? []), { experiment, tuned, settings }]);
  }
  return Array.from(byTraining.values(), (members) => ({
    name: members[0]!.experiment.name,
    members: members.toSorted(
      (a, b) => Number(Boolean(a.settings.batchStatistics)) - Number(Boolean(b.settings.batchStatistics)),
    ),
  }));
}
