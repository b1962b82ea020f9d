// The newer assignment of the course (KTH DD2424, assignment 3 of 2025/26) beside the older one's net, and a net with batch norm.
import { type Experiment, type ExperimentSettings, experiments } from './experiments.ts';
import { namedNetExperiment } from './named-net-settings.ts';

/** Cycles of which each is twice as long as the one before. */
const doubling = (cycles: number): Partial<ExperimentSettings> => ({ cycles, cycleGrowth: 2 });

function patches(
  net: string,
  name: string,
  what: string,
  reported: Experiment['reported'],
  settings: Partial<ExperimentSettings> = {},
): Experiment {
  const named = namedNetExperiment(net);
  return {
    ...named,
    name,
    what,
    reported,
    settings: { ...named.settings, ...settings },
  };
}

const short = (net: string, reported: Experiment['reported']): Experiment =>
  patches(net, net, 'three cycles of 1,600 steps', reported);
const long = (net: string, reported: Experiment['reported']): Experiment =>
  patches(net, `${net}-long`, 'three cycles, each twice as long', reported, doubling(3));

const { tuned: _, ...base } = experiments[0]!;

/** Of sixteen nets and settings the best after as many steps as SwiftShader takes ten minutes for (docs/nets.md). */
const quick: Partial<ExperimentSettings> = {
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  lambda: 0,
  lrMin: 0,
  lrMax: 0.05,
  lrPeak: 0.25,
  cycleSteps: 4285,
  cycles: 1,
  flip: true,
  cropPixels: 1,
  labelSmoothing: 0.1,
  normalisation: 'channel',
};

const large = { ...doubling(4), lambda: 0.0025 } as const;

/** With base as what the others are compared with; it has fewer training images, another lambda and more steps than the short ones. */
export const convolutionStudy: readonly Experiment[] = [
  base,
  short('patch-2-3-50', 0.512),
  short('patch-4-10-50', [0.562, 0.576]),
  short('patch-8-40-50', 0.587),
  short('patch-16-160-50', 0.566),
  long('patch-4-10-50', 0.581),
  long('patch-8-40-50', 0.611),
  long('patch-4-40-50', 0.646),
  patches('patch-4-40-300', 'large', 'patch-4-40-300, four cycles, each twice as long', 0.661, large),
  patches('patch-4-40-300', 'large-smoothed', 'large with label smoothing 0.1', 0.66, {
    ...large,
    labelSmoothing: 0.1,
  }),
  patches('patch-4-40-300', 'large-flipped', 'large with flips', 0.695, { ...large, flip: true }),
  patches('patch-4-40-300', 'large-quick', 'patch-4-40-300 in ten minutes of SwiftShader', null, quick),
  namedNetExperiment('vgg-16-32-64'),
];
