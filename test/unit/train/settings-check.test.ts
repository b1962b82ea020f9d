import { expect, test } from 'vitest';
import { mlp } from '../../../src/nn/net-spec.ts';
import type { Schedule } from '../../../src/optim/schedule.ts';
import { adam, constant, cyclical, rmsprop, sgd } from '../../../src/optim/specs.ts';
import { withDefaults } from '../../../src/train/defaults.ts';
import type { TrainSettings } from '../../../src/train/settings.ts';
import { checkSettings } from '../../../src/train/settings-check.ts';

const net = mlp({ input: { features: 2 }, hidden: [4], classes: 2 });
const check = (given: Partial<TrainSettings>) => () =>
  checkSettings({ ...withDefaults({ net, steps: 10, schedule: constant(0.1) }), ...given });
const replica = { seed: 1, lambda: 0, rateScale: 1 };

test.each<[string, Partial<TrainSettings>]>([
  ['steps: -1 is not from 0 to 8388608', { steps: -1 }],
  ['steps: 400000000 is not from 0 to 8388608', { steps: 4e8 }],
  ['steps: 1.5 is no whole number', { steps: 1.5 }],
  ['steps: NaN is no whole number', { steps: Number.NaN }],
  ['batchSize: 0 is not from 1 to Infinity', { batchSize: 0 }],
  ['reportSteps: 0 is not from 1 to Infinity', { reportSteps: 0 }],
  ['valSize: -5 is not from 0 to Infinity', { valSize: -5 }],
  ['cropPixels: -1 is not from 0 to 15', { cropPixels: -1 }],
  ['cropPixels: 20 is not from 0 to 15', { cropPixels: 20 }],
  ['init.sigma: NaN is not from 0 to Infinity', { init: { sigma: Number.NaN } }],
  ['labelSmoothing: 2 is not from 0 to 1', { labelSmoothing: 2 }],
  ['lookahead: 0 is not from 1 to Infinity', { lookahead: 0 }],
  [
    'batchStatistics.samples: 1 is not from 2 to Infinity',
    { batchStatistics: { kind: 'precise', samples: 1 } },
  ],
  ['replicas: a run has one or more', { replicas: [] }],
  ['replicas[1].seed: -1 is not from 0 to 4294967295', { replicas: [replica, { ...replica, seed: -1 }] }],
  ['replicas[0].lambda: NaN is not from 0 to Infinity', { replicas: [{ ...replica, lambda: Number.NaN }] }],
  [
    'replicas[0].rateScale: Infinity is not from 0 to Infinity',
    { replicas: [{ ...replica, rateScale: Infinity }] },
  ],
  ['optimizer.b1: 1 is not from 0 to 0.999999', { optimizer: adam({ b1: 1 }) }],
  ['optimizer.eps: NaN is not from 1e-30 to Infinity', { optimizer: adam({ eps: Number.NaN }) }],
  ['optimizer.eps: 0 is not from 1e-30 to Infinity', { optimizer: rmsprop({ eps: 0 }) }],
  ['optimizer.nesterov: needs momentum', { optimizer: sgd({ nesterov: true }) }],
  ['optimizer.momentum: -1 is not from 0 to 1', { optimizer: sgd({ momentum: -1 }) }],
  ['schedule: undefined is none of constant, cyclical', { schedule: 0.1 as unknown as Schedule }],
  ['schedule.rate: NaN is not from 0 to Infinity', { schedule: constant(Number.NaN) }],
  [
    'schedule.halfCycle: 0 is not from 0.000001 to Infinity',
    { schedule: cyclical({ min: 0, max: 1, halfCycle: 0 }) },
  ],
  [
    'schedule.peak: 2 is not from 0.000001 to 1',
    { schedule: cyclical({ min: 0, max: 1, halfCycle: 5, peak: 2 }) },
  ],
  [
    'schedule.growth: 0.5 is not from 1 to Infinity',
    { schedule: cyclical({ min: 0, max: 1, halfCycle: 5, growth: 0.5 }) },
  ],
])('%s', (message, given) => {
  expect(check(given)).toThrow(new RangeError(message));
});

test('what types rule out and JavaScript lets through', () => {
  const settings = withDefaults({ net, steps: 10, schedule: constant(0.1) });
  const { steps: _, ...rest } = settings;
  expect(() => checkSettings(rest as TrainSettings)).toThrow(
    new RangeError('steps: undefined is no whole number'),
  );
  const init = 'kaiming' as 'he';
  expect(() => checkSettings({ ...settings, init })).toThrow(
    new RangeError('init: kaiming is none of he, xavier, torch'),
  );
});

test('what runs have passes', () => {
  expect(check({})).not.toThrow();
  expect(check({ steps: 0, optimizer: sgd({ momentum: 0.9, nesterov: true }) })).not.toThrow();
  const schedule = cyclical({ min: 0, max: 1, halfCycle: 24.2, peak: 0.23, end: 0.07 });
  expect(check({ schedule, lookahead: 5, optimizer: adam() })).not.toThrow();
});
