// From a training back to what a user set for it: what a form shows of a run of the command line.
import { mlp } from '../nn/net-spec.ts';
import type { Schedule } from '../optim/schedule.ts';
import type { TrainSettings } from '../train/settings.ts';
import { base, type ExperimentSettings, netSpec, trainSettings } from './experiments.ts';
import { studies } from './studies.ts';

type Cyclical = Extract<Schedule, { readonly kind: 'cyclical' }>;

const mostCycles = 1e6;

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The settings that `trainSettings` makes this training of; null where there are none, as of other data, or where they are another version's.
 * @param name of the experiment, or of the net
 */
export function settingsOfTraining(train: TrainSettings, name: string): ExperimentSettings | null {
  const { schedule, replicas, steps, shuffle, reportSteps, labelSmoothing = 0 } = train;
  if (schedule.kind !== 'cyclical') return null;
  const { min, max, halfCycle, decay, peak, end, growth } = schedule;
  const settings: ExperimentSettings = {
    ...(train.dataset && { dataset: train.dataset }),
    ...netOf(train, name),
    batchSize: train.batchSize,
    optimizer: train.optimizer,
    init: train.init,
    lambda: replicas[0]!.lambda,
    lrMin: min,
    lrMax: max,
    cycleSteps: halfCycle,
    cycles: 1,
    lrDecay: decay,
    ...(peak !== undefined && { lrPeak: peak }),
    ...(end !== undefined && { lrEnd: end }),
    ...(growth !== undefined && { cycleGrowth: growth }),
    flip: train.flip,
    cropPixels: train.cropPixels,
    ...(train.cropBorder && { cropBorder: train.cropBorder }),
    ...(train.normalisation && { normalisation: train.normalisation }),
    ...(train.lookahead && { lookahead: train.lookahead }),
    labelSmoothing,
    valSize: train.valSize,
    ...(train.testViews && { testViews: train.testViews }),
    batchStatistics: train.batchStatistics ?? null,
  };
  const cycles = cyclesOf(schedule, steps);
  const seeds = replicas.map(({ seed }) => seed);
  const again = trainSettings({ ...settings, cycles }, { seeds, steps, shuffle, reportSteps });
  return isSame(again, train) ? { ...settings, cycles } : null;
}

/** Cycles that so many steps need: a file may say anything, so they end at the most that a form takes. */
function cyclesOf({ halfCycle, growth = 1 }: Cyclical, steps: number): number {
  let cycles = 1;
  let length = 2 * halfCycle;
  for (let end = length; end < steps && cycles < mostCycles; end += length) {
    length *= growth;
    cycles++;
  }
  return cycles;
}

/** How a user names this net: by its widths, or by a name that the experiment has, or is. */
function netOf(train: TrainSettings, name: string): Pick<ExperimentSettings, 'net' | 'hidden' | 'batchNorm'> {
  const { input, layers, classes } = train.net;
  const widths = layers.flatMap((layer) => (layer.kind === 'linear' ? [layer.outputs] : []));
  const hidden = widths.slice(0, -1);
  const at = layers.findIndex(({ kind }) => kind === 'batch-norm');
  const norm = layers[at];
  if (norm?.kind !== 'batch-norm') {
    if (isSame(mlp({ input, hidden, classes }), train.net)) return { hidden, batchNorm: null };
  } else {
    const { kind: _, index: __, ...options } = norm;
    const order = layers[at - 1]?.kind === 'relu' ? 'after-relu' : 'before-relu';
    const batchNorm = { order, ...options } as const;
    if (isSame(mlp({ input, hidden, classes, batchNorm }), train.net)) return { hidden, batchNorm };
  }
  const known = studies.flatMap(({ experiments }) => experiments.map(({ settings }) => settings.net));
  const net = [...new Set([name, ...known])].find((each) => each !== undefined && isNamed(each, train));
  return { ...(net !== undefined && { net }), hidden: base.hidden, batchNorm: base.batchNorm };
}

function isNamed(net: string, train: TrainSettings): boolean {
  try {
    return isSame(netSpec({ ...base, ...(train.dataset && { dataset: train.dataset }), net }), train.net);
  } catch {
    return false; // No net has this name.
  }
}
