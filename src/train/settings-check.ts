import { MAX_CROP_PIXELS } from '../data/sample-order.ts';
import type { WeightInit } from '../nn/init.ts';
import { optimizerOf } from '../optim/index.ts';
import { lackingOption } from '../optim/options.ts';
import type { Schedule } from '../optim/schedule.ts';
import type { TrainSettings } from './settings.ts';

/** Whole numbers of a run, and what each is at least, and at most. */
const wholeNumbers = {
  steps: [0, 2 ** 23], // Its tables fit into a binding of the least size that adapters have.
  batchSize: [1],
  reportSteps: [1],
  valSize: [0],
  cropPixels: [0, MAX_CROP_PIXELS],
} as const;

/** Initial weights that have a name. */
const inits: readonly WeightInit[] = ['he', 'xavier', 'torch'];

const schedules: readonly Schedule['kind'][] = ['constant', 'cyclical'];

/** Of `eps`, the one number of optimizers that is no option. Without it what pads the parameters becomes 0 / 0. */
const leastEps: readonly [number, number?] = [1e-30];

/** What each number of a schedule is at least, and at most. A cycle without length, or without a way up, has no rates. */
const ofSchedule: Readonly<Record<string, readonly [number, number?]>> = {
  halfCycle: [1e-6],
  peak: [1e-6, 1],
  growth: [1],
};

/**
 * Numbers that no run can have, before anything is made of them. What types rule out is not looked at, nor what data and net are needed for.
 * @throws RangeError naming the field
 */
export function checkSettings(settings: TrainSettings): void {
  const { init, optimizer, replicas, labelSmoothing = 0, lookahead = 1, batchStatistics } = settings;
  for (const [field, [least, most]] of Object.entries<readonly [number, number?]>(wholeNumbers)) {
    whole(field, settings[field as keyof typeof wholeNumbers], least, most);
  }
  whole('lookahead', lookahead, 1);
  if (typeof init === 'object') within('init.sigma', init.sigma);
  else if (!inits.includes(init)) throw new RangeError(`init: ${init} is none of ${inits.join(', ')}`);
  within('labelSmoothing', labelSmoothing, 0, 1);
  if (batchStatistics) whole('batchStatistics.samples', batchStatistics.samples, 2);
  if (replicas.length === 0) throw new RangeError('replicas: a run has one or more');
  for (const [r, { seed, lambda, rateScale }] of replicas.entries()) {
    whole(`replicas[${r}].seed`, seed, 0, 2 ** 32 - 1);
    within(`replicas[${r}].lambda`, lambda);
    within(`replicas[${r}].rateScale`, rateScale);
  }
  const { options } = optimizerOf(optimizer);
  for (const [name, value] of numbersOf(optimizer)) {
    const { range = leastEps } = options.find((option) => option.name === name) ?? {};
    within(`optimizer.${name}`, value, ...range);
  }
  const lacking = lackingOption(optimizer);
  if (lacking !== undefined) {
    throw new RangeError(`optimizer.${lacking.option}: needs ${lacking.needs}`);
  }
  const { kind } = settings.schedule;
  if (!schedules.includes(kind)) throw new RangeError(`schedule: ${kind} is none of ${schedules.join(', ')}`);
  for (const [name, value] of numbersOf(settings.schedule)) {
    within(`schedule.${name}`, value, ...(ofSchedule[name] ?? []));
  }
}

const numbersOf = (values: object): [string, number][] =>
  Object.entries(values).filter(([, value]) => typeof value === 'number');

/** @throws RangeError where a number is no whole one of this range */
export function whole(field: string, value: number, least: number, most?: number): void {
  if (!Number.isInteger(value)) throw new RangeError(`${field}: ${value} is no whole number`);
  within(field, value, least, most);
}

function within(field: string, value: number, least = 0, most = Infinity): void {
  if (value >= least && value <= most && value < Infinity) return;
  throw new RangeError(`${field}: ${value} is not from ${least} to ${most}`);
}
