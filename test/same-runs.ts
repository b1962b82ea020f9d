/** Runs whose plans, shader texts and weights must stay what they were: what checkpoints and published figures rest on. */
import { experiments, trainSettings } from '../src/experiments/experiments.ts';
import type { TrainSettings } from '../src/train/settings.ts';

export interface SameRun {
  readonly settings: TrainSettings;
  /** Whether the first layer reads the images' bytes itself; undefined: as the adapter prefers. */
  readonly fuseGather?: boolean;
}

const settingsOf = (name: string, seeds: readonly number[] = [1]): TrainSettings => {
  const experiment = experiments.find((candidate) => candidate.name === name)!;
  return trainSettings(experiment.settings, { seeds, steps: 450, shuffle: true });
};

const base = settingsOf('base');

/** The six experiments, a population, crops, smoothed labels, and both ways of the images to the first layer. */
export const sameRuns: Readonly<Record<string, SameRun>> = {
  ...Object.fromEntries(experiments.map(({ name }) => [name, { settings: settingsOf(name) }])),
  'population of 3': { settings: settingsOf('base', [1, 2, 3]) },
  'crops and flips': { settings: { ...base, cropPixels: 2, flip: true } },
  'smoothed labels': { settings: { ...base, labelSmoothing: 0.1 } },
  'gather apart': { settings: base, fuseGather: false },
  'gather fused': { settings: base, fuseGather: true },
};
