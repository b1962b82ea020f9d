/** The nets whose steps the `train` suite times, and whose shapes the `kernels` suite uses. */
import { type ExperimentSettings, experiments, trainSettings } from '../../src/experiments/experiments.ts';
import { namedNetExperiment } from '../../src/experiments/named-net-settings.ts';
import { adam } from '../../src/optim/adam.ts';
import type { OptimizerSpec } from '../../src/optim/index.ts';
import type { TrainSettings } from '../../src/train/settings.ts';

export const optimizers = { sgd: { kind: 'sgd' }, adam: adam.defaults } as const satisfies Record<
  string,
  OptimizerSpec
>;

/** A net, how it is trained, and the numbers of replicas it is timed with. */
export interface BenchNet {
  /** A convolutional net by its name, with momentum as its family has it; absent: the fully connected one of these widths. */
  readonly net?: string;
  readonly hidden: readonly number[];
  readonly optimizer: keyof typeof optimizers;
  readonly replicas: readonly number[];
  /** Absent: as its family is trained. */
  readonly batchSize?: number | undefined;
  /** The replicas of `--quick`. */
  readonly quickReplicas: readonly number[];
}

const base = [50, 50];
const deep = [50, 30, 30, 30, 20, 20, 20, 20, 20];
const wide = [512, 256];

export const nets: readonly BenchNet[] = [
  { hidden: base, optimizer: 'sgd', replicas: [1, 5, 16, 64], quickReplicas: [1] },
  { hidden: base, optimizer: 'adam', replicas: [1], quickReplicas: [] },
  { hidden: deep, optimizer: 'sgd', replicas: [1, 5, 16], quickReplicas: [1] },
  { hidden: deep, optimizer: 'adam', replicas: [1], quickReplicas: [] },
  { hidden: wide, optimizer: 'sgd', replicas: [1, 5, 16], quickReplicas: [] },
  { hidden: wide, optimizer: 'adam', replicas: [1], quickReplicas: [] },
  { net: 'patch-4-10-50', hidden: [], optimizer: 'sgd', replicas: [1], quickReplicas: [] },
  { net: 'vgg-16-32-64', hidden: [], optimizer: 'sgd', replicas: [1], quickReplicas: [] },
];

/** What a step is recorded of. */
export type StepNet = Pick<BenchNet, 'net' | 'hidden' | 'optimizer' | 'batchSize'>;

/** The net that was asked for by its name, in the place of all others. */
export interface AskedNet {
  readonly name: string;
  readonly batchSize?: number | undefined;
}

/** As `nets` has it: one replica, momentum. */
export const askedNet = ({ name, batchSize }: AskedNet): BenchNet => ({
  net: name,
  batchSize,
  hidden: [],
  optimizer: 'sgd',
  replicas: [1],
  quickReplicas: [1],
});

export const netName = ({ net, hidden }: Pick<BenchNet, 'net' | 'hidden'>): string => net ?? hidden.join('-');

/** Whether one workgroup can compute the net's tail: it is fully connected, and too narrow for products behind the first in parts. */
export const hasNarrowTail = ({ net, hidden }: Pick<BenchNet, 'net' | 'hidden'>): boolean =>
  net === undefined && Math.max(...hidden) < 512;

/** Images of the synthetic training set: larger than caches, quick to make. */
export const trainingImages = 10_000;

/** Steps that the tables of a measured plan cover: 61 rounds of 2,000 repetitions, and what calibrates them. */
export const mostSteps = 2 ** 18;

/** Settings of a run of the base experiment with this net. */
export function settingsOf({ net, hidden, optimizer, batchSize }: StepNet, replicas: number): TrainSettings {
  const own: ExperimentSettings =
    net === undefined
      ? { ...experiments[0]!.settings, hidden, optimizer: optimizers[optimizer] }
      : { ...namedNetExperiment(net).settings, flip: false, cropPixels: 0 };
  const settings = trainSettings(
    { ...own, valSize: 0, ...(batchSize && { batchSize }) },
    {
      seeds: Array.from({ length: replicas }, (_, r) => r + 1),
      shuffle: true,
      reportSteps: 1,
      steps: mostSteps,
    },
  );
  // A rate at which five steps change the loss enough to see a wrong gradient in it.
  const rate = optimizer === 'adam' ? 1e-3 : 1e-2;
  return { ...settings, schedule: { kind: 'constant', rate } };
}
