import { optimizerOf } from '../optim/index.ts';
import type { Schedule } from '../optim/schedule.ts';
import type { TrainSettings } from './settings.ts';

/**
 * Numbers that no run can have, before anything is made of them. What types rule out is not looked at, nor what data and net are needed for.
 * @throws RangeError naming the field
 */
export function checkSettings(settings: TrainSettings): void {
  const { optimizer, schedule, replicas, labelSmoothing = 0, lookahead = 1, batchStatistics } = settings;
  whole('steps', settings.steps, 0);
  whole('batchSize', settings.batchSize, 1);
  whole('reportSteps', settings.reportSteps, 1);
  whole('valSize', settings.valSize, 0);
  whole('cropPixels', settings.cropPixels, 0);
  whole('lookahead', lookahead, 1);
  within('labelSmoothing', labelSmoothing, 0, 1);
  if (batchStatistics) whole('batchStatistics.samples', batchStatistics.samples, 2);
  if (replicas.length === 0) throw new RangeError('replicas: a run has one or more');
  for (const [r, { seed, lambda, rateScale }] of replicas.entries()) {
    whole(`replicas[${r}].seed`, seed, 0, 2 ** 32 - 1);
    within(`replicas[${r}].lambda`, lambda, 0);
    within(`replicas[${r}].rateScale`, rateScale, 0);
  }
  for (const { name, range } of optimizerOf(optimizer).options) {
    const value: number | undefined = Reflect.get(optimizer, name);
    if (range !== undefined && value !== undefined) within(`optimizer.${name}`, value, ...range);
  }
  if ('eps' in optimizer) within('optimizer.eps', optimizer.eps, 0);
  checkSchedule(schedule);
}

function checkSchedule(schedule: Schedule): void {
  if (schedule.kind === 'constant') {
    within('schedule.rate', schedule.rate, 0);
    return;
  }
  const { min, max, halfCycle, decay, peak = 0.5, end = 0, growth = 1 } = schedule;
  within('schedule.min', min, 0);
  within('schedule.max', max, 0);
  positive('schedule.halfCycle', halfCycle);
  within('schedule.decay', decay, 0);
  positive('schedule.peak', peak, 1);
  within('schedule.end', end, 0);
  within('schedule.growth', growth, 1);
}

function positive(field: string, value: number, most?: number): void {
  if (value === 0) throw new RangeError(`${field}: 0 is not above 0`);
  within(field, value, 0, most);
}

function whole(field: string, value: number, least: number, most?: number): void {
  if (!Number.isInteger(value)) throw new RangeError(`${field}: ${value} is no whole number`);
  within(field, value, least, most);
}

function within(field: string, value: number, least: number, most = Number.MAX_VALUE): void {
  if (value >= least && value <= most) return;
  throw new RangeError(
    `${field}: ${value} is not ${most === Number.MAX_VALUE ? `${least} or more` : `from ${least} to ${most}`}`,
  );
}
