/** How nets with a name are trained unless something else is asked for. */

import { defaultDataset } from '../data/datasets/index.ts';
import { namedNet } from '../nn/named-nets.ts';
import { resolveNet } from '../nn/net.ts';
import { base, type Experiment, type ExperimentSettings } from './experiments.ts';

/** Epochs of 49,000 images. */
const epochs = (count: number, batchSize: number): number => (count * Math.floor(49_000 / batchSize)) / 2;

/**
 * Rate and weight decay per 1,024 images as airbench94 states them, free of momentum and of each other: Nesterov's steps are 1 + 1 / (1 - momentum)
 * times as long as gradients that do not change (https://myrtle.ai/learn/how-to-train-your-resnet-5-hyperparameters/). Here the loss is the mean of a
 * batch, there its sum.
 */
function decoupled({
  rate,
  decay,
  momentum,
  batchSize,
}: Record<'rate' | 'decay' | 'momentum' | 'batchSize', number>) {
  const lrMax = (rate / (1 + 1 / (1 - momentum))) * (batchSize / 1024);
  const optimizer = { kind: 'sgd', momentum, nesterov: true, weightDecay: decay / rate } as const;
  return { lrMax, optimizer, batchSize };
}

const airRates = decoupled({ rate: 11.5, decay: 0.0153, momentum: 0.85, batchSize: 1024 });

const settings: Readonly<Record<string, Partial<ExperimentSettings>>> = {
  // The course's short training: three cycles of 1,600 steps, L2 on all weight matrices.
  patch: { lambda: 0.003, cycleSteps: 800, cycles: 3 },
  // Eight epochs, one triangle with its peak at a quarter; PyTorch's initial weights, whose norm sets how far a rate goes in front of batch norm.
  vgg: {
    init: 'torch',
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
  // airbench94's 9.9 epochs of all 50,000 images, 48 steps each.
  air: {
    ...airRates,
    init: 'torch',
    lambda: 0,
    lrMin: 0.2 * airRates.lrMax,
    lrPeak: 0.23,
    lrEnd: 0.07,
    cycleSteps: Math.ceil(9.9 * Math.floor(50_000 / airRates.batchSize)) / 2,
    cycles: 1,
    flip: 'alternating',
    cropPixels: 2,
    cropBorder: 'reflect',
    labelSmoothing: 0.2,
    lookahead: 5,
    normalisation: 'channel',
    valSize: 0,
    testViews: 'flip',
  },
};

/**
 * A net with a name as an experiment, with the settings of its family.
 * @throws RangeError where there is no such net, or it does not fit the data set
 */
export function namedNetExperiment(name: string, { image, classNames } = defaultDataset): Experiment {
  resolveNet(namedNet(name, image, classNames.length));
  const family = name.split('-')[0]!;
  return {
    name,
    what: `the net ${name}`,
    reported: null,
    settings: { ...base, net: name, batchNorm: null, valSize: 1000, ...settings[family] },
  };
}
