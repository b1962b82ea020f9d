/** How nets with a name are trained unless something else is asked for. */

import { CIFAR10_IMAGE, CLASSES } from '../data/cifar10.ts';
import { namedNet } from '../nn/named-nets.ts';
import { resolveNet } from '../nn/net.ts';
import { base, type Experiment, type ExperimentSettings } from './experiments.ts';

/** Epochs of 49,000 images. */
const epochs = (count: number, batchSize: number): number => (count * Math.floor(49_000 / batchSize)) / 2;

const settings: Readonly<Record<string, Partial<ExperimentSettings>>> = {
  // The course's short training: three cycles of 1,600 steps, L2 on all weight matrices.
  patch: { lambda: 0.003, cycleSteps: 800, cycles: 3 },
  // Eight epochs, one triangle with its peak at a quarter.
  vgg: {
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    lambda: 0,
    lrMin: 0,
    lrMax: 0.05,
    lrPeak: 0.25,
    cycleSteps: epochs(8, 100),
    cycles: 1,
    flip: true,
    cropPixels: 2,
    labelSmoothing: 0.1,
    normalisation: 'channel',
  },
};

/**
 * A net with a name as an experiment, with the settings of its family.
 * @throws RangeError where there is no such net, or it does not fit CIFAR-10
 */
export function namedNetExperiment(name: string): Experiment {
  resolveNet(namedNet(name, CIFAR10_IMAGE, CLASSES));
  const family = name.split('-')[0]!;
  return {
    name,
    what: `the net ${name}`,
    reported: null,
    settings: { ...base, net: name, batchNorm: null, valSize: 1000, ...settings[family] },
  };
}
