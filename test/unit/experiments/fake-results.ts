/** Results as a run would leave them, with accuracies of the test's choice. */
import { experiments, trainSettings } from '../../../src/experiments/experiments.ts';
import type { ExperimentResult } from '../../../src/experiments/results.ts';

export function fakeResult(name: string, accuracies: readonly number[]): ExperimentResult {
  const experiment = experiments.find((one) => one.name === name)!;
  const seeds = accuracies.map((_, i) => i + 1);
  const settings = trainSettings(experiment.settings, { seeds, shuffle: true, reportSteps: 50 });
  return {
    name,
    what: experiment.what,
    reported: experiment.reported,
    tuned: null,
    trainedAs: name.endsWith('-bn') ? 'base' : name,
    settings,
    perSeed: accuracies.map((testAccuracy, i) => ({
      seed: i + 1,
      validationAccuracy: testAccuracy + 0.002,
      validationLoss: 1.4,
      testAccuracy,
      testLoss: 1.41,
      divergedAtStep: null,
      confusion: Array.from({ length: 100 }, (_, k) => (Math.floor(k / 10) === k % 10 ? 530 : 52)),
    })),
    steps: settings.steps,
    stepsPerEpoch: 450,
    adapter: {
      name: 'test adapter',
      vendor: '',
      architecture: '',
      device: '',
      description: '',
      software: true,
      subgroupMinSize: 4,
      subgroupMaxSize: 4,
    },
    browser: 'Chrome/1',
    dataSource: 'cache',
    host: 'test',
    codeHash: 'code',
    dataHash: 'data',
    startedAt: '2026-11-01T00:00:00.000Z',
    finishedAt: '2026-11-01T01:00:00.000Z',
    resumedAtStep: 0,
    msPerStep: 9,
    dispatchesPerStep: 17,
    modelBytes: 8e6,
    modelBytesPerSeed: 8e6 / accuracies.length,
    variants: {},
  };
}

export const fakeResults: readonly ExperimentResult[] = [
  fakeResult('base', [0.532, 0.536, 0.535, 0.531, 0.537]),
  fakeResult('precise-bn', [0.5321, 0.5359, 0.5352, 0.5309, 0.5371]),
  fakeResult('bn-after-relu', [0.534, 0.536, 0.537, 0.532, 0.538]),
  fakeResult('adam', [0.551, 0.553, 0.556, 0.549, 0.557]),
  fakeResult('wide', [0.521, 0.517, 0.522, 0.519, 0.52]),
];
