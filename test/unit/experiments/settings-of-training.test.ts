import { describe, expect, test } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import {
  base,
  type ExperimentSettings,
  experiments,
  trainSettings,
} from '../../../src/experiments/experiments.ts';
import { namedNetExperiment } from '../../../src/experiments/named-net-settings.ts';
import { settingsOfTraining } from '../../../src/experiments/settings-of-training.ts';
import { studies } from '../../../src/experiments/studies.ts';
import type { TrainSettings } from '../../../src/train/settings.ts';

/** As a file has it. */
const kept = (settings: ExperimentSettings, steps?: number): TrainSettings =>
  JSON.parse(JSON.stringify(trainSettings(settings, { seeds: [3, 4], steps, shuffle: true })));

const all = [
  ...studies.flatMap((study) => study.experiments),
  ...['vgg-8-16-16', 'air-24-48-48', 'patch-8-7-20'].map((net) => namedNetExperiment(net, cifar10)),
];

describe('the settings of a training are those that it was made of', () => {
  test.each(all)('$name', ({ name, settings }) => {
    expect(
      trainSettings(settingsOfTraining(kept(settings), name)!, { seeds: [3, 4], shuffle: true }),
    ).toEqual(kept(settings));
  });

  test.each(experiments)('$name, tuned, to the last field', ({ name, tuned }) => {
    if (tuned !== undefined) expect(settingsOfTraining(kept(tuned), name)).toEqual(tuned);
  });

  test('of another name, where an experiment has the net', () => {
    const large = studies.at(-1)!.experiments.find(({ name }) => name === 'large')!;
    expect(settingsOfTraining(kept(large.settings), 'mine')?.net).toBe('patch-4-40-300');
  });

  test('with as many cycles as its steps need', () => {
    expect(settingsOfTraining(kept(base, 4501), 'base')?.cycles).toBe(2);
    expect(settingsOfTraining(kept(base, 4500), 'base')?.cycles).toBe(1);
  });
});

test('a file that says more steps than any form takes is soon read', () => {
  const schedule = { ...kept(base).schedule, halfCycle: 0.5 } as TrainSettings['schedule'];
  expect(settingsOfTraining({ ...kept(base, 4e9), schedule }, 'base')?.cycles).toBe(1e6);
});

test.each<[string, Partial<TrainSettings>]>([
  ['a constant rate', { schedule: { kind: 'constant', rate: 1 } }],
  [
    'replicas that differ in lambda',
    { replicas: [1, 2].map((seed) => ({ seed, lambda: seed, rateScale: 1 })) },
  ],
  [
    'a net of its own',
    { net: { ...kept(base).net, layers: [{ kind: 'flatten' }, ...kept(base).net.layers] } },
  ],
])('there are none of %s', (_, change) => {
  expect(settingsOfTraining({ ...kept(base), ...change }, 'base')).toBeNull();
});
